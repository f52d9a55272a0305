import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionInput, DecisionRules } from '../../functions/autonomy/decision-input.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { permittedUntil, startHorizonMs } from '../../functions/autonomy/permitted-until.ts';
import { exceptionPolicy } from '../../functions/policy/exception.ts';
import type { PolicyAnswer } from '../../functions/policy/policy-set.ts';
import { base, files, now, proposed, shiftAlias, shipped, wasm } from './decision-inputs.ts';

const minute = 60_000;
const hour = 60 * minute;
const permitted: PolicyAnswer = { outcome: 'permitted', determiningPolicies: ['permit-it'] };
const forbidden: PolicyAnswer = { outcome: 'forbidden', determiningPolicies: ['freeze'], reason: 'closed' };

/** Policies that permit at some instants, and when they were asked. */
function open(isOpen: (at: number) => boolean, policiesAskForTime = true) {
  const asked: number[] = [];
  const evaluatePolicy: DecisionRules['evaluatePolicy'] = ({ nowEpochMs }) => {
    asked.push(nowEpochMs);
    return isOpen(nowEpochMs) ? permitted : forbidden;
  };
  return { rules: { ...shipped, evaluatePolicy, policiesAskForTime }, asked };
}

const inProd = (at: string): DecisionInput => ({
  ...base,
  action: proposed('lambda.shift-alias', { ...shiftAlias, progressive: true }),
  environment: 'prod',
  planEnvironment: 'prod',
  nowEpochMs: Date.parse(at),
});

const until = (input: DecisionInput, rules = shipped): string | undefined => {
  const at = permittedUntil(input, rules, 4 * hour);
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('until when a change may start', () => {
  it('is the last minute before a change freeze, as the shipped policies have it', () => {
    expect(until(inProd('2026-12-19T22:30:00Z'))).toBe('2026-12-19T23:59:00.000Z');
    expect(until(inProd('2026-12-19T22:30:17.123Z'))).toBe('2026-12-19T23:59:00.000Z');
  });

  it('has no end where none comes within the horizon', () => {
    expect(until(inProd('2026-12-19T19:59:59Z'))).toBeUndefined();
    const nowEpochMs = Date.parse('2026-12-19T22:30:00Z');
    expect(until({ ...base, nowEpochMs })).toBeUndefined();
  });

  it('is asked of no policy where none asks for the time, and none is of an unknown action', () => {
    const { rules, asked } = open(() => false, false);
    expect(permittedUntil(base, rules, hour)).toBeUndefined();
    const unknown = { ...base, action: proposed('iam.attach', {}) };
    expect(permittedUntil(unknown, open(() => false).rules, hour)).toBeUndefined();
    expect(asked).toStrictEqual([]);
  });

  it('asks for every full quarter of an hour and for the horizon', () => {
    const { rules, asked } = open(() => true);
    const nowEpochMs = Date.parse('2026-11-23T10:07:30Z');
    expect(permittedUntil({ ...base, nowEpochMs }, rules, hour)).toBeUndefined();
    expect(asked.map((at) => new Date(at).toISOString().slice(11, 19))).toStrictEqual([
      '10:15:00',
      '10:30:00',
      '10:45:00',
      '11:00:00',
      '11:07:30',
    ]);
  });

  it.each([
    ['10:23', '10:22:00'],
    ['10:23:00.001', '10:23:00'],
    ['10:30', '10:29:00'],
    ['10:16', '10:15:00'],
    ['10:09', '10:08:30'],
    ['11:05', '11:04:00'],
    ['11:07:30', '11:07:00'],
  ])('finds a window that closes at %s as %s', (closes, found) => {
    const end = Date.parse(`2026-11-23T${closes}Z`);
    const { rules } = open((at) => at < end);
    const nowEpochMs = Date.parse('2026-11-23T10:07:30Z');
    const answer = permittedUntil({ ...base, nowEpochMs }, rules, hour);
    expect(new Date(answer ?? 0).toISOString().slice(11, 19)).toBe(found);
  });

  it('is never later than the end of what is permitted, and hardly more than a minute before it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 * hour }),
        fc.integer({ min: minute + 1, max: 26 * hour }),
        (offset, length) => {
          const nowEpochMs = now + offset;
          const closes = nowEpochMs + length;
          const { rules, asked } = open((at) => at < closes);
          const answer = permittedUntil({ ...base, nowEpochMs }, rules, startHorizonMs);
          expect(asked.length).toBeLessThan(110);
          if (closes > nowEpochMs + startHorizonMs) expect(answer).toBeUndefined();
          else {
            expect(answer).toBeLessThan(closes);
            expect(answer).toBeGreaterThanOrEqual(Math.max(nowEpochMs + minute, closes - minute));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not see what closes and opens again between two quarters', () => {
    const [closes, opens] = ['10:31', '10:44'].map((time) => Date.parse(`2026-11-23T${time}:00Z`));
    const { rules } = open((at) => at < (closes ?? 0) || at >= (opens ?? 0));
    const nowEpochMs = Date.parse('2026-11-23T10:00:00Z');
    expect(permittedUntil({ ...base, nowEpochMs }, rules, hour)).toBeUndefined();
  });

  it('ends with the exception that permits it, though no policy of the set asks for the time', () => {
    const { 'forbid-change-freeze.cedar': _, ...timeless } = files;
    const rules = decisionRules(timeless, wasm);
    expect(rules.policiesAskForTime).toBe(false);
    const exceptionId = 'exc-1';
    const policy = exceptionPolicy({
      exceptionId,
      owner: 'platform team',
      ticket: 'OPS-12',
      reason: 'the gardener helps out',
      agentRole: 'gardener',
      action: 'lambda.shift-alias',
      targetKey: 'lambda-alias/checkout:live',
      environment: 'local',
      expiresAtEpochMs: Date.parse('2026-11-23T01:20:00Z'),
    });
    const exceptions = [{ id: `exception-${exceptionId}`, policy }];
    const input = { ...base, agentRole: 'gardener', exceptions };
    expect(decide(input, rules)).toMatchObject({ exceptionIds: ['exception-exc-1'] });
    expect(until(input, rules)).toBe('2026-11-23T01:19:00.000Z');
  });
});

describe('a decision right before a change freeze', () => {
  it.each([
    ['2026-12-19T23:58:59.999Z', 'autonomy.matrix', /./],
    [
      '2026-12-19T23:59:00.000Z',
      'policy.closed-now',
      /^permitted for less than a minute more; then: change freeze/,
    ],
    [
      '2026-12-19T23:59:59.999Z',
      'policy.closed-now',
      /^permitted for less than a minute more; then: change freeze/,
    ],
    ['2026-12-20T00:00:00.000Z', 'policy.closed-now', /^change freeze/],
  ])('at %s is by %s', (at, clause, reason) => {
    const decision = decide(inProd(at), shipped);
    expect(decision).toMatchObject({ clause, reason: expect.stringMatching(reason) });
  });

  it('is not denied for the next minute where no policy asks for the time', () => {
    const { rules } = open((at) => at <= now, false);
    expect(decide(base, rules).outcome).toBe('require-approval');
    expect(decide(base, { ...rules, policiesAskForTime: true }).outcome).toBe('deny');
  });
});
