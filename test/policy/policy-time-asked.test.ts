import { initSync } from '@cedar-policy/cedar-wasm/web';
import { describe, expect, it } from 'vitest';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import { policiesAskingForTime } from '../../functions/policy/policy-time-asked.ts';

initSync({ module: readCedarWasm() as Uint8Array<ArrayBuffer> });

const when = (condition: string): string => `forbid (principal, action, resource) when { ${condition} };`;
const asks = (policy: string): boolean => policiesAskingForTime({ p: policy }).length === 1;

describe('a policy asks for the time', () => {
  it.each([
    'context.time.monthDay >= 1220',
    'context["time"].hourUtc < 6',
    'context has time',
    'context has time.weekday',
    'context.tier == "low" && !(context.time.weekday == "sun")',
    'if context.time.hourUtc > 20 then true else false',
    '{ a: true, b: context.time.hourUtc == 3 }.b',
    '[context.time.hourUtc].contains(3)',
    'datetime("2026-12-20") < context.time.now',
    'context == {}',
    '{ all: context }.all == {}',
    '(if true then context else context).tier == "low"',
  ])('when %s', (condition) => {
    expect(asks(when(condition))).toBe(true);
  });

  it.each([
    'context.tier == "low"',
    'context.parameters.toState == "context.time"',
    'context has tier',
    'resource.name like "*time*"',
    'resource == Interlock::Target::"time"',
    'resource.hasTag("time")',
  ])('but not when %s', (condition) => {
    expect(asks(when(condition))).toBe(false);
  });

  it('also in an `unless`, and where it cannot be parsed', () => {
    expect(asks('permit (principal, action, resource) unless { context.time.hourUtc > 5 };')).toBe(true);
    expect(asks('permit (principal')).toBe(true);
  });

  it('among the shipped ones, only the change freeze', () => {
    const { policies } = policySetOf(readPolicyFiles());
    expect(policiesAskingForTime(policies)).toStrictEqual(['forbid-change-freeze']);
    expect(policiesAskingForTime({})).toStrictEqual([]);
  });
});
