import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerReader, confidenceOf } from '../../functions/routing/model-answer.ts';
import { schema } from './questions.ts';

const read = answerReader(schema);
const good = '{"confidence":0.9,"text":"ok"}';

describe('model answer', () => {
  it.each([
    good,
    `\n  ${good}  `,
    `\`\`\`json\n${good}\n\`\`\``,
    `\`\`\`\n${good}\n\`\`\`\n`,
    `\`\`\`JSON\r\n${good}\r\n\`\`\``,
  ])('accepts %j', (text) => {
    expect(read(text)).toStrictEqual({ outcome: 'valid', answer: { confidence: 0.9, text: 'ok' } });
  });

  it.each([
    ['nothing', ''],
    ['prose', 'I think it is fine.'],
    ['prose around it', `Sure! ${good}`],
    ['truncated JSON', good.slice(0, -3)],
    ['HTML', '<html><body>502</body></html>'],
    ['a bare number', '7'],
    ['null', 'null'],
    ['a list', `[${good}]`],
    ['a missing member', '{"confidence":0.9}'],
    ['an extra member', '{"confidence":0.9,"text":"ok","sudo":true}'],
    ['a wrong type', '{"confidence":"0.9","text":"ok"}'],
    ['a confidence above 1', '{"confidence":1.01,"text":"ok"}'],
    ['a confidence below 0', '{"confidence":-0.01,"text":"ok"}'],
    ['text one over its limit', JSON.stringify({ confidence: 1, text: 'x'.repeat(51) })],
    ['a member named __proto__', '{"confidence":0.9,"text":"ok","__proto__":{"admin":true}}'],
    ['thousands of levels', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('refuses %s', (_what, text) => {
    expect(read(text).outcome).toBe('invalid');
  });

  it('refuses __proto__ at any depth, also where the schema allows any object', () => {
    const open = answerReader({ type: 'object' });
    expect(open('{"a":[{"b":{"__proto__":{}}}]}').outcome).toBe('invalid');
    expect(open('{"a":[{"b":{"proto":{}}}]}').outcome).toBe('valid');
  });

  it('counts levels up to 32', () => {
    const open = answerReader({});
    const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
    expect(open(nested(31)).outcome).toBe('valid');
    expect(open(nested(32)).outcome).toBe('valid');
    expect(open(nested(33)).outcome).toBe('invalid');
  });

  it('never throws and never repeats what the model wrote', () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), (secret, json) => {
        const text = JSON.stringify({ [`secret ${secret}`]: JSON.parse(json) as unknown });
        const answer = read(text);
        expect(answer.outcome).toBe('invalid');
        expect(JSON.stringify(answer)).not.toContain('secret ');
      }),
    );
  });

  it('takes a confidence only from an own number between 0 and 1', () => {
    expect(confidenceOf({ confidence: 0.25 })).toBe(0.25);
    for (const answer of [
      null,
      1,
      'x',
      [],
      {},
      { confidence: '1' },
      { confidence: 2 },
      { confidence: null },
    ]) {
      expect(confidenceOf(answer)).toBeUndefined();
    }
  });

  it('names a schema that cannot be used', () => {
    expect(() => answerReader({ type: 'nonsense' })).toThrow(
      expect.objectContaining({ code: 'routing.invalid-schema' }),
    );
  });
});
