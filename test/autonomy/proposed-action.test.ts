import { describe, expect, it } from 'vitest';
import { describeAction } from '../../functions/autonomy/proposed-action.ts';
import { catalogue, type ResolvedAction, resolveAction } from '../../functions/change/catalogue.ts';

const exampleOf = (id: string): ResolvedAction =>
  resolveAction(id, catalogue.find((action) => action.id === id)?.examples[0]);

/** A shift whose blast radius is what somebody's rule made of it. */
function touching(resources: number, capacityPercent: number): ResolvedAction {
  const resolved = exampleOf('lambda.shift-alias');
  if (resolved.outcome !== 'resolved') throw new Error('the example does not fit');
  return {
    ...resolved,
    definition: { ...resolved.definition, blastRadius: () => ({ resources, capacityPercent }) },
  };
}

describe('a proposal as facts', () => {
  it('says why there is no way back, and nothing where there is one', () => {
    expect(describeAction('ec2.reboot-instance', exampleOf('ec2.reboot-instance'))).toMatchObject({
      outcome: 'resolved',
      irreversible: expect.stringMatching(/.{10,}/),
    });
    expect(describeAction('lambda.shift-alias', exampleOf('lambda.shift-alias'))).not.toHaveProperty(
      'irreversible',
    );
  });

  it.each([
    [0, 0],
    [1, 1],
    [0.2, 1],
    [100, 100],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [2 ** 53, Number.MAX_SAFE_INTEGER],
    [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
    [Number.NaN, Number.MAX_SAFE_INTEGER],
    [-1, Number.MAX_SAFE_INTEGER],
  ])('counts a blast radius of %d as %d: what cannot be said is more than any limit', (given, counted) => {
    expect(describeAction('lambda.shift-alias', touching(given, given))).toMatchObject({
      blastRadius: { resources: counted, capacityPercent: counted },
    });
  });

  it('keeps little of what an agent writes that is in no catalogue', () => {
    const lone = '\ud800';
    expect(describeAction('x'.repeat(150), { outcome: 'unknown-action' } as ResolvedAction)).toStrictEqual({
      outcome: 'unknown-action',
      id: 'x'.repeat(100),
    });
    expect(describeAction(lone, { outcome: 'unknown-action' } as ResolvedAction)).toMatchObject({
      id: '\ufffd',
    });
    const members = [lone, 'y'.repeat(150), ...Array.from({ length: 30 }, (_, index) => `m${index}`)];
    const described = describeAction('a.b', {
      outcome: 'invalid-parameters',
      members,
    } as unknown as ResolvedAction);
    expect(described).toStrictEqual({
      outcome: 'invalid-parameters',
      id: 'a.b',
      members: ['\ufffd', 'y'.repeat(100), ...Array.from({ length: 18 }, (_, index) => `m${index}`)],
    });
  });
});
