import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { capacityText, type SetCapacityParameters, setCapacity } from './definition.ts';

/** A provisioned table as read. */
export interface TableState {
  /** Tells a table from another one that was created under its name; empty where DynamoDB does not say. */
  readonly tableId: string;
  readonly readCapacityUnits: number;
  readonly writeCapacityUnits: number;
  /** When capacity was last raised and lowered, in epoch milliseconds; 0: never, or not known. */
  readonly raisedAtEpochMs: number;
  readonly loweredAtEpochMs: number;
}

export const tableTarget: TargetRules<SetCapacityParameters, TableState> = {
  definition: setCapacity,
  state: z.strictObject({
    tableId: z.string(),
    readCapacityUnits: z.int(),
    writeCapacityUnits: z.int(),
    raisedAtEpochMs: z.int(),
    loweredAtEpochMs: z.int(),
  }),
  isBefore: ({ fromReadCapacityUnits, fromWriteCapacityUnits }, state) =>
    state.readCapacityUnits === fromReadCapacityUnits && state.writeCapacityUnits === fromWriteCapacityUnits,
  isAfter: ({ toReadCapacityUnits, toWriteCapacityUnits }, state) =>
    state.readCapacityUnits === toReadCapacityUnits && state.writeCapacityUnits === toWriteCapacityUnits,
  isUntouched: (snapshot, current) =>
    hasSameCapacity(snapshot, current) &&
    snapshot.raisedAtEpochMs === current.raisedAtEpochMs &&
    snapshot.loweredAtEpochMs === current.loweredAtEpochMs,
  isRestored: hasSameCapacity,
  readBack: (state) => capacityText(state.readCapacityUnits, state.writeCapacityUnits),
};

function hasSameCapacity(a: TableState, b: TableState): boolean {
  return (
    a.tableId === b.tableId &&
    a.readCapacityUnits === b.readCapacityUnits &&
    a.writeCapacityUnits === b.writeCapacityUnits
  );
}
