import { describe, expect, it } from 'vitest';
import { type ChangeStep, rollbackPlanOf, stepsOf } from '../../functions/change/action-definition.ts';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import {
  explainRefusal,
  type FailedConditions,
  isUnderBreakGlass,
  permits,
} from '../../functions/change/authorisation.ts';
import { resolveAction } from '../../functions/change/catalogue.ts';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import type { ChangeEvent, ChangeStatus } from '../../functions/change/change-status.ts';
import { stepFault } from '../../functions/change/change-steps.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { checkStoredPlan } from '../../functions/change/stored-plan.ts';
import { phaseOf, type TargetLock } from '../../functions/change/target-lock.ts';
import { decideUndo } from '../../functions/change/undo.ts';
import { combine, judgeMetric } from '../../functions/change/validation.ts';
import { shiftPlan } from './world.ts';

const digest = '1'.repeat(64);
/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;

describe('a start is refused', () => {
  const subject = {
    changeId: 'chg-a',
    incidentId: 'inc-a',
    planDigest: digest,
    fencingToken: 4,
    policyDigest: 'a'.repeat(64),
  };
  const nothing = { found: undefined };
  /** Every condition that can fail, in the order in which an operator should hear of them. */
  const inOrder: readonly [keyof FailedConditions, FailedConditions, string, string][] = [
    ['change', { change: nothing }, 'status', 'the change is not recorded'],
    [
      'killSwitch',
      { killSwitch: { found: { engaged: true }, scope: 'agent#responder' } },
      'kill-switch',
      'the kill switch (agent#responder) is engaged',
    ],
    ['decision', { decision: nothing }, 'decision', 'there is no decision for this plan'],
    [
      'stage',
      { stage: nothing },
      'stage',
      'the autonomy stage was changed after the decision; it has to be made again',
    ],
    [
      'exception',
      { exception: nothing },
      'exception',
      'the exception that permitted this was taken back, or has run out',
    ],
    [
      'breakGlass',
      { breakGlass: nothing },
      'break-glass',
      'the break-glass has run out or was never opened for this incident',
    ],
    ['approval', { approval: nothing }, 'approval', 'there is no approval'],
    ['plan', { plan: nothing }, 'decision', 'the plan is gone or was altered under its digest'],
    [
      'usage',
      { usage: nothing },
      'limit',
      'a limit on the changes of one day is reached; it starts anew at 00:00 UTC',
    ],
    ['lock', { lock: nothing }, 'lock', 'the target lock is not held under this fencing token'],
  ];

  it.each(inOrder)('for %s, whatever comes after it', (member, _failed, refusal, reason) => {
    const from = inOrder.findIndex(([name]) => name === member);
    const failed: FailedConditions = Object.assign({}, ...inOrder.slice(from).map(([, one]) => one));
    expect(explainRefusal(failed, subject, now)).toStrictEqual({ outcome: 'refused', refusal, reason });
  });

  it('by the kill switch over everything without a scope in brackets', () => {
    const failed = { killSwitch: { found: { engaged: true } } };
    expect(explainRefusal(failed, subject, now).reason).toBe('the kill switch is engaged');
  });

  it.each([
    ['auto', true],
    ['require-approval', true],
    ['recommend', false],
    ['deny', false],
    ['', false],
  ])('unless the decision permits one: %s does: %s', (outcome, expected) => {
    expect(permits({ outcome })).toBe(expected);
  });

  it.each([
    [undefined, undefined, false],
    [{}, {}, false],
    [{ breakGlass: true }, undefined, true],
    [{ breakGlass: 'true' }, undefined, false],
    [{ breakGlass: false }, undefined, false],
    [undefined, { breakGlassBy: 'ana' }, true],
    [{}, { breakGlassBy: 'ana' }, true],
    [{ breakGlass: true }, { breakGlassBy: 'ana' }, true],
  ])(
    'once the glass it rests on is whole again: %j with %j rests on it: %s',
    (decision, approval, expected) => {
      expect(isUnderBreakGlass(decision, approval)).toBe(expected);
    },
  );
});

describe('a stored plan is refused', () => {
  const plan = shiftPlan('inc-a', 'checkout');
  const decidedOn = (change: Partial<Record<keyof Plan, unknown>>) => {
    const other = { ...plan, ...change } as Plan;
    const expected = { planDigest: planDigestOf(other), incidentId: 'inc-a', environment: 'local' };
    return checkStoredPlan(other, expected);
  };

  it.each<[string, Partial<Record<keyof Plan, unknown>>, string]>([
    ['for another incident', { incidentId: 'inc-b' }, 'the plan belongs to another incident'],
    ['for another environment', { environment: 'prod' }, 'the plan is for another environment'],
    ['by its action', { action: 'iam.attach' }, 'the action is not in the catalogue'],
    ['by its parameters', { parameters: {} }, 'the parameters do not fit the schema of the action'],
    [
      'by its target',
      { target: { ...plan.target, id: 'other' } },
      'the target does not follow from the parameters',
    ],
    [
      'by its effect',
      { effect: { before: 'a', after: 'b' } },
      'the effect does not follow from the parameters',
    ],
    [
      'by its way back',
      { rollbackPlan: { kind: 'restore-snapshot', steps: [] } },
      'the rollback plan does not follow from the parameters',
    ],
    [
      'by criteria that are none',
      { successCriteria: [...plan.successCriteria, 'ok'] },
      'the success criteria or the evidence is malformed',
    ],
    [
      'by evidence that is none',
      { evidence: [...plan.evidence, null] },
      'the success criteria or the evidence is malformed',
    ],
    [
      "without its action's criteria",
      { successCriteria: plan.successCriteria.slice(1) },
      "a success criterion of the action's own is missing",
    ],
    [
      'without its alarm',
      { successCriteria: plan.successCriteria.slice(0, 1) },
      'the alarm in the evidence is not among the success criteria',
    ],
  ])('%s, and says so', (_what, change, reason) => {
    expect(decidedOn(change)).toStrictEqual({ outcome: 'unsound', reason });
  });

  it('as not stored, and as altered', () => {
    const expected = { planDigest: planDigestOf(plan), incidentId: 'inc-a', environment: 'local' };
    for (const nothing of [undefined, null, 'a plan'])
      expect(checkStoredPlan(nothing, expected)).toMatchObject({ reason: 'the plan is not stored' });
    for (const altered of [
      { ...plan, extra: 1 },
      { ...plan, extra: Number.NaN },
    ])
      expect(checkStoredPlan(altered, expected)).toMatchObject({
        reason: 'the stored plan no longer has the digest that was decided on',
      });
  });

  it('by no evidence other than an alarm', () => {
    const evidence = [...plan.evidence, { kind: 'metric', id: 'errors' }];
    expect(decidedOn({ evidence }).outcome).toBe('sound');
  });

  it('or has steps exactly when it is made in several', () => {
    expect(decidedOn({})).not.toHaveProperty('steps');
  });
});

describe('an undo is refused', () => {
  const kept: ChangeRecord = {
    changeId: 'chg-a',
    incidentId: 'inc-a',
    planDigest: digest,
    status: 'kept',
    updatedAtEpochMs: 2_000,
    snapshotTakenAtEpochMs: now - 10_000,
    snapshotDigest: '2'.repeat(64),
  };
  const free: TargetLock = { targetKey: 't', fencingToken: 4, phase: 'free' };
  const reversible = { definition: shiftAlias, parameters: {} } as unknown as Parameters<
    typeof decideUndo
  >[1];
  const irreversible = {
    definition: { reversal: { kind: 'irreversible', reason: 'messages are gone' } },
    parameters: {},
  } as Parameters<typeof decideUndo>[1];

  it.each<[string, Partial<ChangeRecord>, TargetLock, ChangeStatus | undefined, typeof reversible, string]>([
    [
      'of what was not kept',
      { status: 'rolled-back' },
      free,
      undefined,
      reversible,
      'only a change that was kept can be undone; it is rolled-back',
    ],
    [
      'of what has no way back, although a snapshot is there',
      {},
      free,
      undefined,
      irreversible,
      'irreversible: messages are gone; follow the runbook',
    ],
    [
      'without a snapshot',
      { snapshotDigest: undefined },
      free,
      undefined,
      reversible,
      'no snapshot is recorded for the change',
    ],
    [
      'after the retention',
      { snapshotTakenAtEpochMs: now - 20_000 },
      free,
      undefined,
      reversible,
      'its snapshot was kept until 2026-11-23T00:00:00.000Z; follow the runbook',
    ],
    [
      'before the lock of the change itself is free',
      {},
      { ...free, phase: 'held', changeId: 'chg-a' },
      'kept',
      reversible,
      'the change is about to free its lock; try again',
    ],
    [
      'while another change is at work',
      {},
      { ...free, phase: 'mutating', changeId: 'chg-b' },
      'executing',
      reversible,
      'the target is locked by chg-b; try again when it has ended',
    ],
    [
      'while nobody knows who is at work',
      {},
      { ...free, phase: 'held' },
      undefined,
      reversible,
      'the target is locked by an unknown change; try again when it has ended',
    ],
  ])('%s, and says so', (_what, change, lock, holder, action, reason) => {
    expect(decideUndo({ ...kept, ...change }, action, lock, holder, 20_000, now)).toStrictEqual({
      outcome: 'refused',
      reason,
    });
  });
});

describe('an event is refused', () => {
  it.each<[ChangeStatus, number, ChangeEvent, number | undefined, string]>([
    ['executed', 1, 'validated', 0, 'validated is about step 1, and step 2 is in hand'],
    ['progressing', 1, 'step-validated', 1, 'step-validated is about step 2, and step 1 is in hand'],
    ['executed', 0, 'validated', 0, 'step 1 of 3 is not the last'],
    ['executed', 2, 'step-validated', 2, 'no further step follows'],
    ['executing', 1, 'execute-refused', 1, 'an earlier step has been made; the change has to be rolled back'],
  ])('of a change that is %s with %d of 3 steps done: %s', (status, stepsDone, event, step, reason) => {
    expect(stepFault({ status, steps: 3, stepsDone }, event, step)).toBe(reason);
  });

  it('unless it is said again, which changes nothing', () => {
    expect(stepFault({ status: 'kept', steps: 3, stepsDone: 1 }, 'validated', 1)).toBeUndefined();
    expect(stepFault({ status: 'progressing', steps: 2, stepsDone: 1 }, 'step-validated', 0)).toBeUndefined();
  });
});

describe('a verdict', () => {
  const saw = (result: 'pass' | 'fail' | 'not-yet' | 'unreadable', what: string) => ({
    result,
    reason: what,
  });

  it.each([
    [[], 0, 'fail', 'the plan names no success criterion'],
    [[saw('pass', 'a'), saw('pass', 'b')], 0, 'pass', '2 of 2 criteria hold'],
    [[saw('pass', 'a'), saw('fail', 'alarm')], 0, 'fail', 'alarm'],
    [[saw('pass', 'a'), saw('not-yet', 'alarm')], 99, 'pending', 'alarm'],
    [[saw('pass', 'a'), saw('not-yet', 'alarm')], 100, 'fail', 'alarm at the deadline'],
    [[saw('not-yet', 'a'), saw('unreadable', 'metric')], 99, 'inconclusive', 'metric'],
  ])('on %j at %d of 100 is %s: %s', (findings, at, outcome, reason) => {
    expect(combine(findings, at, 100)).toStrictEqual({ outcome, reason });
  });

  const errors = {
    kind: 'metric',
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensions: {},
    statistic: 'Sum',
    periodSeconds: 60,
    threshold: 2,
  } as const;

  it.each([
    ['change', 'at-most', [], 'metric: Errors has no complete datapoint'],
    ['change', 'at-most', [2], 'metric: Errors is at-most 2'],
    ['change', 'at-most', [3], 'metric: Errors is above 2'],
    ['step', 'at-most', [3, 0], 'metric: Errors is above 2'],
    ['change', 'at-least', [1], 'metric: Errors is below 2'],
    ['change', 'at-least', [2], 'metric: Errors is at-least 2'],
  ] as const)('on a metric of a %s that shall be %s 2 and is %j: %s', (of, comparison, values, reason) => {
    expect(judgeMetric({ ...errors, comparison }, values, of).reason).toBe(reason);
  });
});

describe('an action', () => {
  const step = (name: string): ChangeStep => ({ name, criteria: [] });

  it.each([
    [undefined, 0],
    [[], 0],
    [[step('all')], 0],
    [[step('10 %'), step('all')], 2],
    [[step('10 %'), step('50 %'), step('all')], 3],
  ])('that states the steps %j is made in %d', (stated, count) => {
    const definition = stated === undefined ? {} : { steps: () => stated };
    expect(stepsOf(definition, {})).toHaveLength(count);
  });

  it('without a way back has a plan that says why, and no steps', () => {
    const reversal = { kind: 'irreversible', reason: 'messages are gone' } as const;
    expect(rollbackPlanOf({ reversal }, {})).toStrictEqual(reversal);
    expect(rollbackPlanOf({ reversal: () => reversal }, {})).toStrictEqual(reversal);
  });

  it('that is proposed with parameters that do not fit names every member at fault, however deep', () => {
    expect(
      resolveAction('lambda.shift-alias', {
        functionName: 1,
        aliasName: 2,
        fromVersion: '2',
        toVersion: '1',
      }),
    ).toMatchObject({ outcome: 'invalid-parameters', members: ['functionName', 'aliasName'] });
  });
});

describe('a target', () => {
  it.each([
    'locked',
    'snapshotted',
    'executed',
    'progressing',
    'kept',
    'rolled-back',
    'rollback-failed',
  ] as const)('is held, and not mutating, while its change is %s', (status) => {
    expect(phaseOf(status)).toBe('held');
  });
});
