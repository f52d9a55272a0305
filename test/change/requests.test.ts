import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { actionTaskInput } from '../../functions/change/actions/action-task.ts';
import { changeRequest } from '../../functions/change/change-request.ts';

const digest = '1'.repeat(64);
const ids = { changeId: 'chg-a', incidentId: 'inc-a', planDigest: digest };
const good = [
  { operation: 'acquire-lock', ...ids },
  {
    operation: 'record-snapshot',
    changeId: 'chg-a',
    fencingToken: 1,
    snapshotDigest: digest,
    ownerStack: 'checkout',
  },
  { operation: 'authorise', changeId: 'chg-a', fencingToken: 1 },
  { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'executed' },
  { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'rolled-back', reason: 'ok' },
  { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'step-validated', step: 1 },
  { operation: 'ask-person', changeId: 'chg-a', fencingToken: 1, reason: 'alarm: unreadable' },
  { operation: 'reopen', changeId: 'chg-a', requestedBy: 'ada', reason: 'slow', execution: 'chg-a-undo-1' },
  { operation: 'refuse', ...ids, result: 'stopped', reason: 'kill switch' },
  { operation: 'release', changeId: 'chg-a', fencingToken: 1 },
  { operation: 'take-over', changeId: 'chg-a', fencingToken: 1 },
];
const task = { operation: 'execute', ...ids, fencingToken: 1 };

describe('requests to change control', () => {
  it.each(good)('$operation is understood', (request) => {
    expect(z.safeParse(changeRequest, request).success).toBe(true);
    expect(z.safeParse(changeRequest, { ...request, admin: true }).success).toBe(false);
    expect(z.safeParse(changeRequest, { ...request, changeId: 'x'.repeat(101) }).success).toBe(false);
    expect(z.safeParse(changeRequest, { ...request, changeId: 7 }).success).toBe(false);
  });

  it.each([
    null,
    'authorise',
    [],
    {},
    { operation: '__proto__' },
    { operation: 'Authorise', changeId: 'chg-a', fencingToken: 1 },
    { operation: 'authorise', changeId: 'chg-a', fencingToken: 0 },
    { operation: 'authorise', changeId: 'chg-a', fencingToken: 1.5 },
    { operation: 'authorise', changeId: 'chg-a', fencingToken: '1' },
    // What only the gate, the snapshot and the refusal may bring about.
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'started' },
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'refused' },
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'snapshot-taken' },
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'undo-started' },
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'executed', step: -1 },
    { operation: 'reopen', changeId: 'chg-a', requestedBy: '', reason: 'slow', execution: 'chg-a-undo-1' },
    { operation: 'reopen', changeId: 'chg-a', requestedBy: 'ada', reason: '', execution: 'chg-a-undo-1' },
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'constructor' },
    { operation: 'record', changeId: 'chg-a', fencingToken: 1, event: 'executed', reason: 'x'.repeat(501) },
    { operation: 'acquire-lock', ...ids, planDigest: digest.toUpperCase().replaceAll('1', 'A') },
    { operation: 'refuse', ...ids, result: 'kept', reason: '' },
  ])('%j is refused', (request) => {
    expect(z.safeParse(changeRequest, request).success).toBe(false);
  });
});

describe('tasks of an action', () => {
  it.each(['snapshot', 'execute', 'validate', 'roll-back'])('%s is understood', (operation) => {
    expect(z.safeParse(actionTaskInput, { ...task, operation }).success).toBe(true);
  });

  it('pre-check is asked for a plan, without a change', () => {
    const asked = { operation: 'pre-check', incidentId: 'inc-a', planDigest: digest };
    expect(z.safeParse(actionTaskInput, asked).success).toBe(true);
    expect(z.safeParse(actionTaskInput, { ...asked, changeId: 'chg-a' }).success).toBe(false);
  });

  it.each([
    { ...task, operation: 'pre-check' },
    { ...task, operation: 'rollback' },
    { ...task, operation: '__proto__' },
    { ...task, parameters: { toVersion: '9' } },
    { ...task, planDigest: `${digest}1` },
    { ...task, fencingToken: '1' },
    null,
  ])('%j is refused', (input) => {
    expect(z.safeParse(actionTaskInput, input).success).toBe(false);
  });
});
