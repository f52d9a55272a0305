import { initSync } from '@cedar-policy/cedar-wasm/web';
import { describe, expect, it } from 'vitest';
import { readCedarWasm } from '../../functions/platform/policy-files.store.ts';
import { policiesAskingForTags } from '../../functions/policy/policy-tags.ts';

initSync({ module: readCedarWasm() as Uint8Array<ArrayBuffer> });

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
  const asking = when('resource.hasTag("team")');
  expect(policiesAskingForTags({ c: asking, a: 'permit (', d: when('true'), b: asking })).toStrictEqual([
    { id: 'a', effect: 'permit' },
    { id: 'b', effect: 'forbid' },
    { id: 'c', effect: 'forbid' },
  ]);
});
