import setUpEmulator from '../emulator.setup.ts';

/** Set by a program that runs attacks many times: connected to an emulator that it has started already. */
export const broughtEmulator = 'INTERLOCK_BROUGHT_EMULATOR';

/** vitest global set-up of the attacks: they race on DynamoDB itself. */
export default async function setup(): Promise<() => Promise<void>> {
  return process.env[broughtEmulator] === undefined ? setUpEmulator() : async () => {};
}
