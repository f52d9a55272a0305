import { describe, expect, it } from 'vitest';
import { parseJson } from '../../functions/platform/parse-json.ts';

describe('a text from elsewhere', () => {
  it.each<[string, unknown]>([
    ['{"a":[1,null]}', { a: [1, null] }],
    ['null', null],
    ['""', ''],
  ])('that is JSON is read: %s', (text, value) => {
    expect(parseJson(text)).toStrictEqual(value);
  });

  it.each([undefined, '', '{', '{"a":1} and more', 'undefined', "{'a':1}"])('is nothing: %j', (text) => {
    expect(parseJson(text)).toBeUndefined();
  });
});
