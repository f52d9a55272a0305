import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import { digestOf } from '../../functions/platform/digest.ts';

/** Plain JSON values, with the awkward keys that objects have by inheritance. */
const jsonValue = fc.jsonValue({ stringUnit: 'grapheme' }).map((value) => normaliseZero(value));

describe('canonical JSON', () => {
  it('is injective: parsing it gives the value back, so two values never share a text', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(JSON.parse(canonicalJson(value))).toStrictEqual(value);
      }),
    );
  });

  it('does not depend on the order in which members were added', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), jsonValue), (record) => {
        const reversed = Object.fromEntries(Object.entries(record).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(record));
      }),
    );
  });

  it('orders keys by UTF-16 code unit and writes numbers as ECMAScript does (RFC 8785, section 3.2.3)', () => {
    const euro = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '1': 'One',
      '\ud83d\ude00': 'Smiley',
      '\u00f6': 'o',
    };
    expect(canonicalJson(euro)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u00f6":"o","\u20ac":"Euro Sign","\ud83d\ude00":"Smiley"}',
    );
    expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27]',
    );
  });

  it.each([
    ['undefined member', { a: undefined }],
    ['undefined element', [undefined]],
    ['hole in an array', Array.from({ length: 2 }).fill(1, 0, 1)],
    ['NaN', Number.NaN],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['bigint', 1n],
    ['function', () => 1],
    ['date', new Date(0)],
    ['map', new Map()],
    ['lone surrogate', '\ud800'],
    ['lone surrogate in a key', { '\udc00': 1 }],
  ])('refuses %s instead of dropping it', (_what, value) => {
    expect(() => canonicalJson(value)).toThrow(/canonical JSON carries only plain JSON values/);
  });

  it('keeps __proto__ as an ordinary member', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });
});

describe('digest', () => {
  it('is SHA-256 of the canonical text', () => {
    expect(digestOf({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});

/** JSON has no negative zero. */
function normaliseZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
