import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { named } from '../change/asl-interpreter.ts';
import { type MachineCall, runIncident } from './incident-machine.ts';

const passed = { name: 'target-exists', result: 'pass', reason: 'it is there' };
const failed = { name: 'target-exists', result: 'fail', reason: 'it is gone' };

/** One incident with one plan a round, `p1` then `p2`; each part can be answered otherwise. */
function world(parts: {
  decide?: object;
  checks?: () => unknown;
  recommend?: () => unknown;
  approval?: string;
  change?: readonly object[];
}) {
  let changes = 0;
  return ({ to, payload }: MachineCall): unknown => {
    switch (to) {
      case 'Triage':
        return { outcome: 'planned', planDigests: [`p${String(payload['round'])}`], confidence: 0.9 };
      case 'Decide':
        return {
          outcome: 'auto',
          clause: 'autonomy.matrix',
          reason: 'stage guarded, tier low',
          action: 'lambda.shift-alias',
          changeId: `chg-${String(payload['planDigest'])}`,
          approvalId: 'approval-1',
          ...parts.decide,
        };
      case 'shift-alias':
      case 'put-parameter':
        return parts.checks === undefined
          ? { outcome: 'checked', checks: [passed, { ...passed, name: 'snapshot' }] }
          : parts.checks();
      case 'Recommend': {
        if (parts.recommend !== undefined) return parts.recommend();
        const bad = (payload['checks'] as { name: string; result: string }[]).filter(
          ({ result }) => result === 'fail',
        );
        return { outcome: 'recommended', failedChecks: bad.map(({ name }) => name), reason: 'as written' };
      }
      case 'RequestApproval':
        return { outcome: parts.approval ?? 'approved' };
      case 'Change':
        return parts.change?.[changes++] ?? { outcome: 'kept', reason: 'all criteria hold' };
      case 'CloseIncident':
        return { outcome: 'closed', result: payload['result'] };
      default:
        throw new Error(`nobody is called ${to}`);
    }
  };
}

const asksPeople = { outcome: 'require-approval' };
const recommends = { outcome: 'recommend', reason: 'stage observe, tier low' };
const targetChanged = {
  outcome: 'refused',
  refusal: 'target-changed',
  reason: 'somebody else moved the alias',
};
const unavailable = () => {
  throw named('Lambda.Unknown', 'it broke');
};
const to = (calls: readonly MachineCall[]) => calls.map((call) => call.to);
const closedAs = (calls: readonly MachineCall[]) => calls.at(-1)?.payload;

describe('pre-checks and recommendations', () => {
  it('asks the function of the action, and hands what it answers to the recommendation', async () => {
    const { calls } = await runIncident(world({ decide: recommends }));
    expect(calls.slice(2)).toMatchObject([
      {
        to: 'shift-alias',
        payload: { operation: 'pre-check', incidentId: 'inc-1', planDigest: 'p1' },
      },
      { to: 'Recommend', payload: { incidentId: 'inc-1', planDigest: 'p1', checks: [passed, {}] } },
      { to: 'CloseIncident', payload: { result: 'recommended', reason: 'as written' } },
    ]);
  });

  it('spends none on what is carried out at once or denied', async () => {
    const auto = await runIncident(world({}));
    expect(to(auto.calls)).toStrictEqual(['Triage', 'Decide', 'Change', 'CloseIncident']);
    const denied = await runIncident(world({ decide: { outcome: 'deny', clause: 'policy.forbid' } }));
    expect(to(denied.calls)).toStrictEqual(['Triage', 'Decide', 'CloseIncident']);
    expect(closedAs(denied.calls)).toMatchObject({ result: 'denied' });
  });

  it('asks people with the checks written down first', async () => {
    const { calls } = await runIncident(world({ decide: asksPeople }));
    expect(to(calls)).toStrictEqual([
      'Triage',
      'Decide',
      'shift-alias',
      'Recommend',
      'RequestApproval',
      'Change',
      'CloseIncident',
    ]);
  });

  it('keeps a plan that cannot succeed from approvers, and says why', async () => {
    const checks = () => ({ outcome: 'checked', checks: [failed] });
    const { calls } = await runIncident(world({ decide: asksPeople, checks }));
    expect(to(calls)).not.toContain('RequestApproval');
    expect(closedAs(calls)).toMatchObject({ result: 'needs-person', reason: 'as written' });
  });

  it.each([
    ['breaks', unavailable, [{ name: 'pre-check', result: 'unknown' }]],
    ['answers nothing', () => ({ outcome: 'refused' }), []],
    ['answers one check', () => ({ outcome: 'checked', checks: passed }), [passed]],
  ])('still asks people when the pre-check %s', async (_what, checks, handedOver) => {
    const { calls } = await runIncident(world({ decide: asksPeople, checks }));
    expect(calls.find((call) => call.to === 'Recommend')?.payload['checks']).toMatchObject(handedOver);
    expect(to(calls)).toContain('RequestApproval');
  });

  it('still asks people about an action whose function it does not know', async () => {
    const { calls } = await runIncident(world({ decide: { ...asksPeople, action: 'ecs.unknown' } }));
    expect(to(calls).slice(2)).toStrictEqual(['Recommend', 'RequestApproval', 'Change', 'CloseIncident']);
  });

  it('recommends no plan that is no longer what was decided on', async () => {
    const recommend = () => ({ outcome: 'refused', failedChecks: ['plan-sound'], reason: 'altered' });
    const { calls } = await runIncident(world({ decide: recommends, recommend }));
    expect(closedAs(calls)).toMatchObject({ result: 'needs-person', reason: 'altered' });
  });

  it.each([
    [asksPeople, 'resolved'],
    [recommends, 'recommended'],
  ])('goes on without a recommendation that cannot be written: %j', async (decide, result) => {
    const { calls } = await runIncident(world({ decide, recommend: unavailable }));
    expect(closedAs(calls)).toMatchObject({ result });
  });
});

describe('what people answer', () => {
  it.each([
    ['approved', 'resolved', 'all criteria hold'],
    ['rejected', 'rejected', 'an approver rejected the plan'],
    ['expired', 'rejected', 'nobody approved in time, which counts as a rejection'],
    ['cancelled', 'recovered', 'the problem went away by itself while people were asked'],
    ['Cancelled', 'rejected', 'an approver rejected the plan'],
  ])('%s closes the incident as %s', async (approval, result, reason) => {
    const { calls } = await runIncident(world({ decide: asksPeople, approval }));
    expect(closedAs(calls)).toMatchObject({ result, reason });
    expect(to(calls).includes('Change')).toBe(approval === 'approved');
  });

  it('settled as cancelled after the wait timed out closes it as recovered too', async () => {
    const { calls } = await runIncident((call) => {
      if (call.to === 'RequestApproval') throw named('States.Timeout', 'nobody answered');
      if (call.to === 'SettleApproval') return { outcome: 'cancelled' };
      return world({ decide: asksPeople })(call);
    });
    expect(closedAs(calls)).toMatchObject({ result: 'recovered' });
    expect(to(calls)).not.toContain('Change');
  });
});

describe('a plan that nobody could approve in time', () => {
  /** Three plans; each answer of the nth is the nth of its kind. */
  const threePlans = (decisions: readonly object[], isTooLate: (planDigest: unknown) => boolean) => {
    let decided = 0;
    return runIncident((call) => {
      if (call.to === 'Triage') return { planDigests: ['a', 'b', 'c'] };
      if (call.to === 'Decide') return world({ decide: decisions[decided++] ?? {} })(call);
      if (call.to === 'RequestApproval' && isTooLate(call.payload['planDigest'])) {
        throw named('ApprovalTooLateError', 'the policies permit it for 20 s more');
      }
      return world({})(call);
    });
  };
  const reason =
    'nobody was asked: the policies permit the change for less than half a minute more, and nobody could decide in time';

  it('is passed over: the next one is decided and may be carried out', async () => {
    const { calls } = await threePlans([asksPeople, asksPeople], (digest) => digest === 'a');
    expect(to(calls)).not.toContain('SettleApproval');
    expect(calls.find((call) => call.to === 'Change')?.payload).toMatchObject({ planDigest: 'b' });
    expect(closedAs(calls)).toMatchObject({ result: 'resolved' });
  });

  it('leaves the incident to a person, and says that nobody was asked', async () => {
    const closedNow = { outcome: 'deny', clause: 'policy.closed-now', reason: 'change freeze' };
    for (const rest of [asksPeople, closedNow]) {
      const { calls } = await threePlans([asksPeople, rest, rest], () => true);
      expect(to(calls).filter((name) => name === 'Decide')).toHaveLength(3);
      expect(closedAs(calls)).toMatchObject({ result: 'needs-person', reason });
    }
  });

  it('says less than the recommendation of another plan', async () => {
    const { calls } = await threePlans([recommends, asksPeople, asksPeople], () => true);
    expect(closedAs(calls)).toMatchObject({ result: 'recommended', reason: 'as written' });
  });

  it('is not one whose request failed otherwise: what people may have been asked is settled', async () => {
    const { calls } = await runIncident((call) => {
      if (call.to === 'RequestApproval') throw named('InvalidInputError', 'it broke');
      if (call.to === 'SettleApproval') return { outcome: 'expired' };
      return world({ decide: asksPeople })(call);
    });
    expect(to(calls)).toContain('SettleApproval');
  });
});

describe('planning anew', () => {
  it('goes back to triage once when somebody else changed the target', async () => {
    const { calls } = await runIncident(world({ change: [targetChanged] }));
    expect(to(calls)).toStrictEqual([
      'Triage',
      'Decide',
      'Change',
      'Triage',
      'Decide',
      'Change',
      'CloseIncident',
    ]);
    expect(calls.filter((call) => call.to === 'Triage').map(({ payload }) => payload)).toStrictEqual([
      { incidentId: 'inc-1', round: 1 },
      { incidentId: 'inc-1', round: 2 },
    ]);
    expect(calls.filter((call) => call.to === 'Change').map(({ payload }) => payload)).toMatchObject([
      { planDigest: 'p1', changeId: 'chg-p1' },
      { planDigest: 'p2', changeId: 'chg-p2' },
    ]);
    expect(closedAs(calls)).toMatchObject({ result: 'resolved' });
  });

  it('does not go back a second time', async () => {
    const { calls } = await runIncident(world({ change: [targetChanged, targetChanged] }));
    expect(to(calls).filter((name) => name === 'Triage')).toHaveLength(2);
    expect(closedAs(calls)).toMatchObject({ result: 'needs-person', reason: targetChanged.reason });
  });

  it('asks people again: an approval is for one plan', async () => {
    const { calls } = await runIncident(world({ decide: asksPeople, change: [targetChanged] }));
    const asked = calls.filter((call) => call.to === 'RequestApproval');
    expect(asked.map(({ payload }) => payload['planDigest'])).toStrictEqual(['p1', 'p2']);
  });

  it.each([
    { outcome: 'refused', reason: 'the kill switch is engaged', refusal: 'kill-switch' },
    { outcome: 'refused', reason: 'locked' },
    { outcome: 'rolled-back', reason: 'did not help', refusal: 'target-changed ' },
    { outcome: 'stopped', reason: 'stopped' },
  ])('plans anew after nothing else: %j', async (end) => {
    const { calls } = await runIncident(world({ change: [end] }));
    expect(to(calls).filter((name) => name === 'Triage')).toHaveLength(1);
  });
});

it('carries out nothing but what was decided automatic or approved, whatever anybody answers', async () => {
  const word = fc.constantFrom('auto', 'require-approval', 'recommend', 'deny', 'AUTO', '');
  const ends = fc.constantFrom('kept', 'refused', 'rolled-back', 'stopped', 'rollback-failed');
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 6, maxLength: 6 }),
      fc.array(fc.constantFrom('approved', 'rejected', 'expired', 'cancelled', 'pending'), {
        minLength: 6,
        maxLength: 6,
      }),
      fc.array(fc.constantFrom([passed], [failed], []), { minLength: 6, maxLength: 6 }),
      fc.array(fc.tuple(ends, fc.boolean()), { minLength: 6, maxLength: 6 }),
      async (decisions, approvals, checks, changes) => {
        const counts = new Map<string, number>();
        const outcomes: unknown[] = [];
        const answer = (call: MachineCall): unknown => {
          const nth = counts.get(call.to) ?? 0;
          counts.set(call.to, nth + 1);
          const [outcome, isTargetChanged] = changes[nth] ?? ['kept', false];
          switch (call.to) {
            case 'Triage':
              return {
                planDigests: ['a', 'b', 'c'].map((name) => `${name}${String(call.payload['round'])}`),
              };
            case 'Decide':
              return world({ decide: { outcome: decisions[nth] } })(call);
            case 'shift-alias':
              return { outcome: 'checked', checks: checks[nth] };
            case 'RequestApproval':
              return { outcome: approvals[nth] };
            case 'Change':
              return {
                outcome,
                reason: 'so it ended',
                ...(isTargetChanged ? { refusal: 'target-changed' } : {}),
              };
            default:
              return world({})(call);
          }
        };
        const { calls, ending } = await runIncident((call) => {
          const answered = answer(call);
          outcomes.push((answered as { outcome?: unknown }).outcome);
          return answered;
        });
        expect(ending.status).toBe('SUCCEEDED');
        expect(to(calls).filter((name) => name === 'CloseIncident')).toHaveLength(1);
        expect(counts.get('Triage')).toBeLessThanOrEqual(2);
        for (const [index, call] of calls.entries()) {
          if (call.to !== 'Change') continue;
          const before = calls[index - 1];
          expect(before?.payload['planDigest']).toBe(call.payload['planDigest']);
          expect([before?.to, outcomes[index - 1]]).toStrictEqual(
            before?.to === 'Decide' ? ['Decide', 'auto'] : ['RequestApproval', 'approved'],
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});
