import type { Command } from 'commander';
import { type Connection, connect } from '../connection.ts';

/** What every command takes. */
export interface CommonOptions {
  readonly stage?: string;
  readonly as?: string;
  readonly json?: boolean;
}

/** Options of the command and of its parents: `--json` may stand anywhere on the line. */
export function optionsOf<Own extends object>(command: Command): Own & CommonOptions {
  return command.optsWithGlobals();
}

export async function connectFor(command: Command): Promise<Connection> {
  const { stage, as } = optionsOf(command);
  return connect(stage, as);
}
