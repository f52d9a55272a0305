import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

/** No attack: what must go on working where a defence is removed to see whether an attack notices. */
describe('control', () => {
  it('honest people sign in, read and decide', async () => {
    const [approved, rejected] = [await world.ask({ quorum: 2 }), await world.ask()];
    expect(await (await world.signedIn('ana')).approve(approved)).toBe(303);
    expect(await (await world.signedIn('ben')).approve(approved)).toBe(303);
    expect(await (await world.signedIn('ben')).reject(rejected)).toBe(303);
    expect(await world.approval(approved)).toMatchObject({ status: 'approved' });
    expect(await world.approval(rejected)).toMatchObject({ status: 'rejected' });
  });
});
