import { initSync } from '@cedar-policy/cedar-wasm/web';
import { describe, expect, it } from 'vitest';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import type { ExceptionPermit } from '../../functions/policy/policy-set.ts';
import { policiesAskingForTags } from '../../functions/policy/policy-tags.ts';
import { asking } from './requests.ts';

const wasm = readCedarWasm();
initSync({ module: wasm as Uint8Array<ArrayBuffer> });

const when = (condition: string): string => `forbid (principal, action, resource) when { ${condition} };`;
const asks = (policy: string): boolean => policiesAskingForTags({ p: policy }).length === 1;

describe('a policy asks for tags', () => {
  it.each([
    'resource.hasTag("team")',
    'resource.getTag("team") == "payments"',
    '"payments" == resource.getTag("team")',
    '!resource.hasTag("team")',
    'context.tier == "low" && (context.tier == "high" || resource.hasTag("team"))',
    '[1, if resource.hasTag("team") then 1 else 2].contains(1)',
    '[if resource.hasTag("team") then 1 else 2, 1].contains(1)',
    '{ a: true, b: resource.hasTag("team") }.b',
    'resource.getTag("team") like "pay*"',
    'decimal(resource.getTag("share")).lessThan(decimal("0.5"))',
  ])('when %s', (condition) => {
    expect(asks(when(condition))).toBe(true);
  });

  it.each([
    'resource.name == "hasTag"',
    'resource.name like "*getTag*"',
    '{ hasTag: true, getTag: 1 }.hasTag',
    'resource == Interlock::Target::"getTag"',
    'context.tier == "low"',
  ])('but not when %s', (condition) => {
    expect(asks(when(condition))).toBe(false);
  });

  it('also in the second of its conditions, and in an `unless`', () => {
    const second = 'permit (principal, action, resource) when { true } unless { resource.hasTag("a") };';
    expect(policiesAskingForTags({ second })).toStrictEqual([{ id: 'second', effect: 'permit' }]);
  });
});

it('names those that ask in order, with their effect; one that cannot be parsed counts as asking', () => {
  const byTeam = when('resource.hasTag("team")');
  expect(policiesAskingForTags({ c: byTeam, a: 'permit (', d: when('true'), b: byTeam })).toStrictEqual([
    { id: 'a', effect: 'permit' },
    { id: 'b', effect: 'forbid' },
    { id: 'c', effect: 'forbid' },
  ]);
});

describe('the engine, asked about a target whose tags are not known', () => {
  const deployed = policySetOf(readPolicyFiles());
  const unknown = { ...asking('lambda.shift-alias'), targetTags: undefined };
  const permitAny = '@reason("r") permit (principal, action, resource)';
  const forbidAll = '@reason("r") forbid (principal, action, resource)';
  const tagged = 'resource.hasTag("team") && resource.getTag("team") like "pay*"';
  const answer = (policies: Record<string, string>, exceptions: ExceptionPermit[] = []) =>
    new PolicyEngine(wasm, { ...deployed, policies }).evaluate(unknown, exceptions);

  it.each<[string, Record<string, string>, object]>([
    ['no policy asks for them', { p: `${permitAny};` }, { outcome: 'permitted' }],
    [
      'a forbid asks',
      { p: `${permitAny};`, f: `${forbidAll} when { ${tagged} };` },
      { outcome: 'tags-unknown', determiningPolicies: ['f'] },
    ],
    [
      'a forbid asks in its `unless`',
      { p: `${permitAny};`, f: `${forbidAll} unless { ${tagged} };` },
      { outcome: 'tags-unknown', determiningPolicies: ['f'] },
    ],
    [
      'a permit asks, however deep',
      { p: `${permitAny} when { [if ${tagged} then 1 else 2].contains(1) };` },
      { outcome: 'tags-unknown', determiningPolicies: ['p'] },
    ],
    [
      'a permit asks within a record',
      { p: `${permitAny} when { { a: resource.hasTag("team") }.a };` },
      { outcome: 'tags-unknown', determiningPolicies: ['p'] },
    ],
    [
      'two ask, one of them about somebody else',
      {
        b: `${permitAny} unless { ${tagged} };`,
        a: `@reason("r") forbid (principal == Interlock::AgentRole::"gardener", action, resource) when { ${tagged} };`,
      },
      { outcome: 'tags-unknown', determiningPolicies: ['a', 'b'] },
    ],
    [
      'a forbid that does not ask holds',
      { p: `${permitAny};`, f: `${forbidAll} unless { ${tagged} };`, g: `${forbidAll};` },
      { outcome: 'forbidden', determiningPolicies: ['g'], reason: 'r' },
    ],
    [
      'two forbids hold, one of which asks',
      {
        f: `${forbidAll} unless { ${tagged} };`,
        g: `${forbidAll} when { ${tagged} };`,
        h: `${forbidAll};`,
      },
      { outcome: 'forbidden', determiningPolicies: ['h'], reason: 'r' },
    ],
    [
      'nothing permits it yet, and a permit and a forbid ask',
      { f: `${forbidAll} when { ${tagged} };`, p: `${permitAny} when { ${tagged} };` },
      { outcome: 'tags-unknown', determiningPolicies: ['f', 'p'] },
    ],
    [
      'one asks and another cannot be evaluated',
      {
        e: `${permitAny} when { 9223372036854775807 + 1 == 0 };`,
        p: `${permitAny} when { ${tagged} };`,
      },
      { outcome: 'policy-error', determiningPolicies: ['e'] },
    ],
    [
      'nothing permits it and only a forbid asks',
      { f: `${forbidAll} when { ${tagged} };` },
      { outcome: 'no-permit' },
    ],
    [
      'the words stand in a text and in names only',
      {
        p: `${permitAny} when { resource.name != "resource.hasTag(1)" && { hasTag: 1, getTag: 2 }.getTag == 2 };`,
      },
      { outcome: 'permitted' },
    ],
  ])('when %s', (_what, policies, expected) => {
    expect(answer(policies)).toMatchObject(expected);
  });

  it('looks at exceptions too', () => {
    const exception = { id: 'exception-1', policy: `${permitAny} when { ${tagged} };` };
    expect(answer({ f: `${forbidAll} when { false };` }, [exception])).toStrictEqual({
      outcome: 'tags-unknown',
      determiningPolicies: ['exception-1'],
    });
  });
});
