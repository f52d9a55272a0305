import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { malformedMembers } from '../../functions/platform/malformed-members.ts';

const schema = z.strictObject({ name: z.string(), list: z.array(z.strictObject({ count: z.number() })) });
const faultsOf = (value: unknown): string => {
  const { error } = z.safeParse(schema, value);
  return error === undefined ? 'none' : malformedMembers(error);
};

describe('malformed members', () => {
  it.each([
    [{ name: 'a', list: [] }, 'none'],
    [{ name: 1, list: [] }, 'name'],
    [{ name: 1, list: [{ count: 1 }, { count: 'secret' }] }, 'name, list.1.count'],
    ['secret', 'invalid_type'],
    [{ name: 'a', list: [], more: 1 }, 'unrecognized_keys'],
  ])('of %j are %s', (value, faults) => {
    expect(faultsOf(value)).toBe(faults);
  });
});
