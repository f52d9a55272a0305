import { describe, expect, it } from 'vitest';
import { declarationChanges } from '../../functions/autonomy/declared-stages.ts';

const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const declaring = (stage: string, at: object = place) => JSON.stringify({ stages: [{ ...at, stage }] });

describe('what a publication declares anew', () => {
  it.each([
    [
      'a first declaration',
      undefined,
      declaring('guarded'),
      [{ ...place, stage: 'guarded', previous: 'observe' }],
    ],
    [
      'a raise',
      declaring('suggest'),
      declaring('guarded'),
      [{ ...place, stage: 'guarded', previous: 'suggest' }],
    ],
    [
      'one taken back',
      declaring('guarded'),
      '{"stages":[]}',
      [{ ...place, stage: 'observe', previous: 'guarded' }],
    ],
    ['the same again', declaring('guarded'), declaring('guarded'), []],
    ['observe, where nothing was', undefined, declaring('observe'), []],
    [
      'a file that is gone',
      declaring('suggest'),
      undefined,
      [{ ...place, stage: 'observe', previous: 'suggest' }],
    ],
    [
      'after a file that is none',
      '{',
      declaring('suggest'),
      [{ ...place, stage: 'suggest', previous: 'observe' }],
    ],
    [
      'after another shape',
      '{"stages":{}}',
      declaring('suggest'),
      [{ ...place, stage: 'suggest', previous: 'observe' }],
    ],
    [
      'after a stage of another time',
      declaring('full'),
      declaring('suggest'),
      [{ ...place, stage: 'suggest', previous: 'observe' }],
    ],
  ])('%s', (_what, before, after, changes) => {
    expect(declarationChanges(before, after)).toStrictEqual(changes);
  });

  it('moves from one place to another, in order of place', () => {
    const other = { ...place, environment: 'dev' };
    expect(declarationChanges(declaring('guarded'), declaring('guarded', other))).toStrictEqual([
      { ...other, stage: 'guarded', previous: 'observe' },
      { ...place, stage: 'observe', previous: 'guarded' },
    ]);
  });
});
