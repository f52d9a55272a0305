import { describe, expect, it } from 'vitest';
import { stopForm } from '../../functions/approvals/pages/stop-reason.ts';
import { engageRequest } from '../../functions/autonomy/engage-request.ts';

const asked = { by: 'ana', reason: 'wrong fixes' };

describe('a request to stop everything', () => {
  it.each([
    ['as the pages send it', asked, asked],
    ['white space around and within', { by: ' ana ', reason: ' wrong\n\tfixes ' }, asked],
    [
      'what could deceive a terminal',
      { by: 'ana\u202E', reason: 'red \u001B[31m' },
      { by: 'ana⟨U+202E⟩', reason: 'red ⟨U+001B⟩[31m' },
    ],
    [
      'the longest name and reason',
      { by: 'a'.repeat(256), reason: 'x'.repeat(1_600) },
      { by: 'a'.repeat(256), reason: 'x'.repeat(1_600) },
    ],
  ])('is taken: %s', (_case, given, taken) => {
    expect(engageRequest.parse(given)).toStrictEqual(taken);
  });

  it.each([
    ['releases', { ...asked, engaged: false }],
    ['names a state', { ...asked, state: 'released' }],
    ['names a scope', { ...asked, scope: 'environment#prod' }],
    ['names an actor', { ...asked, actor: { kind: 'system', id: 'x' } }],
    ['has no person', { reason: 'x' }],
    ['has a blank person', { by: ' ', reason: 'x' }],
    ['has too long a name', { by: 'a'.repeat(257), reason: 'x' }],
    ['has no reason', { by: 'ana' }],
    ['has a blank reason', { by: 'ana', reason: '\n' }],
    ['has too long a reason', { by: 'ana', reason: 'x'.repeat(1_601) }],
    ['is a list', [asked]],
    ['is nothing', undefined],
  ])('is refused when it %s', (_case, given) => {
    expect(engageRequest.safeParse(given).success).toBe(false);
  });

  it.each(['x', '\u202E', '\u{E0001}'])('takes whatever reason the pages took: 200 times %j', (character) => {
    const given = character.repeat(200 / character.length);
    const { reason } = stopForm.parse({ reason: given });
    expect(engageRequest.parse({ by: 'ana', reason })).toStrictEqual({ by: 'ana', reason });
  });
});
