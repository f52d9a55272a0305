import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item, ItemKey, TransactResult, Write } from '../../functions/platform/dynamodb.ts';
import { freshTables } from '../platform/tables.ts';
import { transact } from './memory-tables.ts';

/** An expression with what stands in it for names and values. */
interface Drawn {
  /** Stands in parentheses of its own: a second pair around it is refused as redundant. */
  readonly isGrouped?: true;
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Attributes by the type they always have, so that no drawn update is one that DynamoDB rejects. */
const scalar = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom('', 'a', 'b', 'ä', 'B'),
  fc.boolean(),
);
const list = fc.array(scalar, { maxLength: 3 });
const item = fc.record(
  {
    n: fc.integer({ min: -2, max: 2 }),
    s: fc.constantFrom('a', 'b', 'ä'),
    l: list,
    x: fc.oneof(scalar, list),
  },
  { requiredKeys: [] },
);
const attribute = fc.constantFrom('n', 's', 'l', 'x', 'status');

let placeholders = 0;
function name(of: string): Drawn {
  const text = `#p${++placeholders}`;
  return { text, names: { [text]: of }, values: {} };
}
function value(of: unknown): Drawn {
  const text = `:p${++placeholders}`;
  return { text, names: {}, values: { [text]: of } };
}
function joined(text: (parts: readonly string[]) => string, ...parts: readonly Drawn[]): Drawn {
  return {
    text: text(parts.map((part) => part.text)),
    names: Object.assign({}, ...parts.map((part) => part.names)) as Drawn['names'],
    values: Object.assign({}, ...parts.map((part) => part.values)) as Drawn['values'],
  };
}

function grouped(inner: Drawn): Drawn {
  return inner.isGrouped === true ? inner : { ...inner, text: `(${inner.text})`, isGrouped: true };
}

const comparison = fc
  .tuple(attribute, fc.constantFrom('=', '<>', '<', '<=', '>', '>='), scalar, fc.boolean())
  .filter(([, operator, against]) => typeof against !== 'boolean' || operator === '=' || operator === '<>')
  .map(([of, operator, against, isSize]) =>
    joined(
      ([left, right]) => (isSize ? `size(${left}) ${operator} ${right}` : `${left} ${operator} ${right}`),
      name(isSize ? 'l' : of),
      value(isSize ? Math.abs(Number(against)) || 0 : against),
    ),
  );
const existence = fc
  .tuple(fc.constantFrom('attribute_exists', 'attribute_not_exists'), attribute)
  .map(([kind, of]) => joined(([path]) => `${kind}(${path})`, name(of)));
const sameList = list.map((against) =>
  joined(([left, right]) => `${left} = ${right}`, name('l'), value(against)),
);

const { condition } = fc.letrec<{ condition: Drawn }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    existence,
    sameList,
    tie('condition').map((inner) => joined(([text]) => `NOT ${text}`, grouped(inner))),
    fc
      .tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition'), fc.boolean())
      .map(([left, word, right, isGrouped]) => {
        const both = joined(([a, b]) => `${a} ${word} ${b}`, left, right);
        return isGrouped ? grouped(both) : both;
      }),
  ),
}));

/** Each part writes an attribute of its own: DynamoDB rejects two writes to one. */
const parts: Readonly<Record<string, fc.Arbitrary<readonly [clause: string, Drawn]>>> = {
  s: scalar.map((to) => ['SET', joined(([a, b]) => `${a} = ${b}`, name('s'), value(to))]),
  n: fc
    .tuple(fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([by, isAdd]) =>
      isAdd
        ? ['ADD', joined(([a, b]) => `${a} ${b}`, name('n'), value(by))]
        : [
            'SET',
            joined(
              ([a, b, zero, c]) => `${a} = if_not_exists(${b}, ${zero}) + ${c}`,
              name('n'),
              name('n'),
              value(0),
              value(by),
            ),
          ],
    ),
  l: list.map((more) => [
    'SET',
    joined(
      ([a, b, none, c]) => `${a} = list_append(if_not_exists(${b}, ${none}), ${c})`,
      name('l'),
      name('l'),
      value([]),
      value(more),
    ),
  ]),
  x: fc.constant(['REMOVE', name('x')]),
};
const update = fc
  .subarray(Object.keys(parts), { minLength: 1 })
  .chain((of) => fc.tuple(...of.map((one) => parts[one] as fc.Arbitrary<readonly [string, Drawn]>)))
  .map((drawn) =>
    joined(
      (texts) =>
        ['SET', 'ADD', 'REMOVE']
          .map((clause) => [clause, texts.filter((_, index) => drawn[index]?.[0] === clause)] as const)
          .filter(([, of]) => of.length > 0)
          .map(([clause, of]) => `${clause} ${of.join(', ')}`)
          .join(' '),
      ...drawn.map(([, part]) => part),
    ),
  );

function writeOf(
  kind: Write['kind'],
  table: string,
  key: ItemKey,
  asks: Drawn,
  change: Drawn,
  whole: Item,
): Write {
  const used = kind === 'update' ? [asks, change] : [asks];
  const { names, values } = joined(() => '', ...used);
  const expression = {
    table,
    condition: asks.text,
    ...(Object.keys(names).length === 0 ? {} : { names }),
    ...(Object.keys(values).length === 0 ? {} : { values: values as Item }),
  };
  switch (kind) {
    case 'put':
      return { kind, item: { ...key, ...whole }, ...expression };
    case 'update':
      return { kind, key, update: change.text, ...expression };
    case 'delete':
      return { kind, key, ...expression };
    case 'check':
      return { kind, key, ...expression };
  }
}

describe('the tables in memory', () => {
  it('judge and write as DynamoDB does', async () => {
    const { database, controls: table } = await freshTables();
    let tries = 0;
    const member = fc.record({
      standing: fc.option(item, { nil: undefined }),
      kind: fc.constantFrom('put', 'update', 'delete', 'check'),
      asks: condition,
      change: update,
      whole: item,
    });
    const outcomes = new Set<TransactResult['outcome']>();
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 3 }), async (members) => {
        tries += 1;
        const keys = members.map((_, index) => ({ pk: `try-${tries}`, sk: String(index) }));
        const standing = members.flatMap(({ standing: has }, index) =>
          has === undefined ? [] : [{ ...(keys[index] as ItemKey), ...has }],
        );
        if (standing.length > 0) {
          await database.transact(standing.map((one) => ({ kind: 'put', table, item: one })));
        }
        const writes = members.map(({ kind, asks, change, whole }, index) =>
          writeOf(kind, table, keys[index] as ItemKey, asks, change, whole as Item),
        );
        const find = (key: ItemKey) => standing.find((one) => one.sk === key.sk) as Item | undefined;
        const expected = transact((_, key) => find(key), writes);
        outcomes.add(expected.result.outcome);
        expect(await database.transact(writes)).toStrictEqual(expected.result);
        const left = keys.map((key) => {
          const written = expected.written.find((one) => one.key.sk === key.sk);
          return written === undefined ? find(key) : written.after;
        });
        expect(await Promise.all(keys.map((key) => database.get(table, key)))).toStrictEqual(left);
      }),
      { numRuns: 400 },
    );
    expect(outcomes).toStrictEqual(new Set(['committed', 'refused']));
  });
});
