import { describe, expect, it } from 'vitest';
import { brokenRules } from './broken-rules.ts';
import { isAsItShouldBe, runTask, tasks } from './check.ts';
import { explore } from './explore.ts';
import { scenarios } from './scenarios.ts';

describe('the change protocol, every interleaving of small scenarios', { timeout: 60_000 }, () => {
  it.each(['disputedChange', 'foreignValue', 'sameValue'] as const)(
    '%s: every invariant holds',
    async (name) => {
      const explored = await explore(scenarios[name]);
      expect(explored.found).toBeUndefined();
      expect(explored.states).toBeGreaterThan(300);
      expect(explored.ends).toBeGreaterThan(10);
    },
  );

  it('goes every way that two people can take', async () => {
    const { ends, found } = await explore({
      ...scenarios.votes,
      instants: [0],
      actors: scenarios.votes.actors.slice(0, 2),
    });
    expect(found).toBeUndefined();
    // Whoever approves first: the second approval decides.
    expect(ends).toBe(2);
  });

  it('comes to the same ends, through fewer states, where people vote at once', async () => {
    const { votes } = scenarios;
    const small = { ...votes, instants: [0], actors: votes.actors.slice(1, 4) };
    const bit = await explore(small);
    const whole = await explore({ ...small, atOnce: ['vote', 'cancel'], isForgetful: true });
    expect(whole.found).toBeUndefined();
    expect(whole.ends).toBe(bit.ends);
    expect(whole.states).toBeLessThan(bit.states / 2);
  });

  it('lets whoever acts at once begin before or after anybody else', async () => {
    const ana = { name: 'ana', does: [{ do: 'switch', state: 'engaged' }] as const };
    const { states } = await explore({
      ...scenarios.votes,
      instants: [0],
      actors: [scenarios.votes.actors[0], ana],
      atOnce: ['vote', 'switch'],
    });
    // Nobody, either of them, both.
    expect(states).toBe(4);
  });
});

describe('a rule that is broken on purpose', { timeout: 60_000 }, () => {
  const quick = tasks.filter(
    ({ brokenRule, scenario }) =>
      brokenRule !== undefined && ['twoChanges', 'votes', 'sameValue'].includes(scenario),
  );

  it.each(quick.map((task) => [brokenRules[task.brokenRule ?? 0]?.name ?? '', task] as const))(
    '%s: is found by the invariant it breaks',
    async (_, task) => {
      expect(await runTask(task)).toSatisfy(isAsItShouldBe);
    },
  );

  it('is shown as the shortest way to it, in words', async () => {
    const stolen = tasks.find(
      ({ brokenRule }) =>
        brokenRules[brokenRule ?? -1]?.name === 'a lock taken from a holder who has not ended',
    );
    if (stolen === undefined) throw new Error('no such rule');
    const { found, depth } = await runTask(stolen);
    expect(depth).toBe(6);
    expect(found?.violation.what).toBe('change B takes the lock before change A has ended');
    expect(found?.trace).toStrictEqual([
      '1. change A, acquire-lock: reads change A, reads the lock, writes change.lock-acquired',
      '2. change B, acquire-lock: reads change B, reads the lock, reads change A, writes change.lock-acquired',
    ]);
  });

  it('exists for every invariant', () => {
    expect(new Set(brokenRules.map(({ breaks }) => breaks))).toStrictEqual(new Set([1, 2, 3, 4, 5, 6]));
  });
});
