import { describe, expect, it } from 'vitest';
import { differenceBetween, policyDigestOf, policySetOf } from '../../functions/policy/policy-files.ts';

const permit = 'permit (principal, action, resource);';
const forbid = 'forbid (principal, action, resource);';
const files = {
  'b.cedar': permit,
  'a.cedar': forbid,
  'interlock.cedarschema': 'schema',
  'limits.json': '{}',
};

describe('the digest of policy files', () => {
  it('is 64 hex digits that depend on every name and every text, and not on their order', () => {
    const digest = policyDigestOf(files);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(policyDigestOf(Object.fromEntries(Object.entries(files).toReversed()))).toBe(digest);
    const { 'a.cedar': text, ...rest } = files;
    const others = [
      rest,
      { ...rest, 'c.cedar': text },
      { ...files, 'a.cedar': `${text} ` },
      { ...files, x: '' },
    ];
    expect(new Set([digest, ...others.map(policyDigestOf)]).size).toBe(5);
  });
});

describe('the Cedar part', () => {
  it('is each policy under the name of its file, in order of names, and the schema', () => {
    const set = policySetOf(files);
    expect(set).toStrictEqual({ schema: 'schema', policies: { a: forbid, b: permit } });
    expect(Object.keys(set.policies)).toStrictEqual(['a', 'b']);
  });

  it.each([
    ['no policy', { 'interlock.cedarschema': 'schema', 'limits.json': '{}' }],
    ['no schema', { 'a.cedar': permit }],
    ['a schema that objects have by inheritance only', Object.create({ ...files }) as typeof files],
    ['nothing', {}],
  ])('is missing with %s', (_what, given) => {
    expect(() => policySetOf(given)).toThrow(
      expect.objectContaining({
        code: 'policy.missing',
        message: 'policies/ has no *.cedar file or no interlock.cedarschema',
      }),
    );
  });
});

describe('the difference between two sets', () => {
  it('names what was added, removed and changed, in order', () => {
    const before = { same: '1', 'changed-b': '1', 'changed-a': '1', 'removed-b': '1', 'removed-a': '1' };
    const after = { 'added-b': '1', 'added-a': '1', same: '1', 'changed-b': '2', 'changed-a': '2' };
    expect(differenceBetween(before, after)).toStrictEqual({
      added: ['added-a', 'added-b'],
      removed: ['removed-a', 'removed-b'],
      changed: ['changed-a', 'changed-b'],
    });
  });

  it('is nothing between equal sets, and looks at own names only', () => {
    expect(differenceBetween(files, { ...files })).toStrictEqual({ added: [], removed: [], changed: [] });
    expect(differenceBetween({}, { constructor: 'x' }).added).toStrictEqual(['constructor']);
    expect(differenceBetween({ toString: 'x' }, {}).removed).toStrictEqual(['toString']);
  });
});
