import { describe, expect, it } from 'vitest';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { batchesIn, batchKeyOf } from '../../functions/approvals/pages/batch.ts';
import { dossierOf, pending, planOf } from './fixtures.ts';

function request(name: string, over: Partial<Dossier> = {}, toValue = 'off', environment = 'local'): Dossier {
  const plan = {
    ...planOf('ssm.put-parameter', { name: `/${name}/beta`, fromValue: 'on', toValue }, `inc-${name}`),
    environment,
  };
  const made = dossierOf(pending({ approvalId: name }, plan), plan);
  return { ...made, decision: { ...made.decision, tier: 'low' }, ...over };
}

describe('what can be decided together', () => {
  it('is the same action and effect by the same agent in the same environment', () => {
    const one = request('one');
    const keys = [request('two'), request('three', {}, 'broken'), request('four', {}, 'off', 'staging')].map(
      (dossier) => batchKeyOf(dossier) === batchKeyOf(one),
    );
    expect(keys).toStrictEqual([true, false, false]);
    expect(batchKeyOf(one)).toMatch(/^[0-9a-f]{32}$/);
  });

  const made = request('one');
  it.each<[string, Partial<Dossier>]>([
    ['a medium tier', { decision: { ...made.decision, tier: 'medium' } }],
    ['a high tier', { decision: { ...made.decision, tier: 'high' } }],
    [
      'an unknown tier',
      { decision: { outcome: 'x', quorum: 1, clause: 'c', reason: 'r', approvalId: 'one' } },
    ],
    ['a quorum of two', { approval: { ...made.approval, quorum: 2 } }],
    ['a change to judge', { approval: { ...made.approval, verdictOn: { changeId: 'chg', reason: 'r' } } }],
    ['a plan that was altered', { plan: { ...made.plan, agentRole: 'other' } }],
  ])('is not %s', (_case, over) => {
    expect(batchKeyOf(request('one'))).toBeDefined();
    expect(batchKeyOf(request('one', over))).toBeUndefined();
  });

  it('comes in groups that keep their order', () => {
    const [a, b, c] = [request('a'), request('b', {}, 'broken'), request('c')];
    const groups = batchesIn([a, b, c]).map(({ dossiers }) => dossiers);
    expect(groups).toStrictEqual([[a, c], [b]]);
  });
});
