import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../functions/approvals/pages/value-difference.ts';
import { safeReturnPath } from '../../functions/approvals/sign-in/return-path.ts';
import { showUntrusted } from '../../functions/approvals/untrusted-text.ts';
import { question, timeLeft, until } from '../../functions/approvals/words.ts';
import { now, planOf } from './fixtures.ts';

describe('return path', () => {
  it.each(['/', '/approvals/abc', '/incidents/inc-1?x=1&y=%2F', '/approvals/%2F%2Fevil.example'])(
    'keeps %s',
    (path) => expect(safeReturnPath(path)).toBe(path),
  );

  it.each([
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' /approvals/a',
    '/ /evil.example',
    'javascript:alert(1)',
    'evil.example',
    '@evil.example',
    '/./\\/evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '',
    undefined,
    null,
    ['/approvals/a'],
    `/${'a'.repeat(600)}`,
    '/\u2044evil',
  ])('leads %o to the inbox', (path) => expect(safeReturnPath(path)).toBe('/'));

  it('never leaves the site', () => {
    const start = fc.constantFrom('https://', 'http:', 'javascript:', '//', '/\\', '/.//', '/..\\', '@');
    const address = fc
      .tuple(start, fc.domain(), fc.string())
      .map(([before, host, rest]) => `${before}${host}${rest}`);
    fc.assert(
      fc.property(address, fc.string(), (url, text) => {
        for (const asked of [url, text, `/${text}`, `/${url}`, `//${text}`]) {
          const path = safeReturnPath(asked);
          expect(new URL(path, 'https://interlock.example').origin).toBe('https://interlock.example');
        }
      }),
    );
  });
});

describe('untrusted text', () => {
  it.each([
    ['invoice\u202Egnp.exe', 'invoice⟨U+202E⟩gnp.exe'],
    ['on\u200B', 'on⟨U+200B⟩'],
    ['a\u0000b\u001B[31m', 'a⟨U+0000⟩b⟨U+001B⟩[31m'],
    ['\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
    ['\uD800', '⟨U+D800⟩'],
    ['tag\u{E0041}', 'tag⟨U+E0041⟩'],
    ['lines\nand\ttabs, Zürich, 東京', 'lines\nand\ttabs, Zürich, 東京'],
  ])('%j is shown as %j', (text, shown) => expect(showUntrusted(text)).toBe(shown));
});

describe('words', () => {
  it('asks the question in one line, without long values', () => {
    expect(question(planOf())).toBe('Change checkout:live from version 2 to version 1?');
    const long = planOf('ssm.put-parameter', { name: '/a/b', fromValue: 'x', toValue: 'y'.repeat(41) });
    expect(question(long)).toBe('Change /a/b?');
    expect(question(planOf('nope', {}))).toBe('Carry out nope?');
    const effect = { before: 'a', after: 'b?\nNothing changes;\u2028see below' };
    const hostile = question({ ...planOf(), effect });
    expect(hostile).toBe('Change checkout:live from a to b? Nothing changes; see below?');
  });

  it.each([
    [-1, 'no time left'],
    [0, 'no time left'],
    [1, 'less than a minute left'],
    [59_999, 'less than a minute left'],
    [60_000, '1 minute left'],
    [119_999, '1 minute left'],
    [120_000, '2 minutes left'],
    [7_199_999, '119 minutes left'],
    [7_200_000, '2 hours left'],
  ])('%s ms is %s', (ms, text) => expect(timeLeft(now + ms, now)).toBe(text));

  it.each([
    [86_399_999, '09:59 UTC'],
    [86_400_000, '23 Nov 2026, 10:00 UTC'],
  ])('an instant in %s ms is %s', (ms, text) => expect(until(now + ms, now)).toBe(text));
});

describe('what differs between two values', () => {
  it.each([
    ['version 2', 'version 1', 'version ', ['2', '1'], ''],
    ['on', 'off', 'o', ['n', 'ff'], ''],
    ['aa', 'aaa', 'aa', ['', 'a'], ''],
    ['{"a":1,"b":2}', '{"a":1,"b":3}', '{"a":1,"b":', ['2', '3'], '}'],
    ['x😀y', 'x😁y', 'x', ['😀', '😁'], 'y'],
    ['', 'new', '', ['', 'new'], ''],
    ['same', 'same', 'same', ['', ''], ''],
  ])('%s and %s', (one, other, start, [removed, added], end) => {
    expect(differenceOf(one, other)).toStrictEqual({
      before: { start, changed: removed, end },
      after: { start, changed: added, end },
    });
  });

  it('loses nothing of either', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (start, one, other, end) => {
        const [before, after] = [start + one + end, start + other + end];
        const parts = differenceOf(before, after);
        expect(Object.values(parts.before).join('')).toBe(before);
        expect(Object.values(parts.after).join('')).toBe(after);
      }),
    );
  });
});
