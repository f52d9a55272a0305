import type { NativeAttributeValue } from '@aws-sdk/util-dynamodb';
import type { Item } from '../../functions/platform/dynamodb.ts';
import {
  argumentOf,
  type Evaluate,
  operandOf,
  type Placeholders,
  pathOf,
  Reader,
  type Value,
} from './expression-reader.ts';

/** Whether a condition expression holds on what stands under the key; no item has no attributes. */
export function holds(condition: string, item: Item | undefined, placeholders: Placeholders): boolean {
  return parsed(conditions, condition, (reader) => orOf(reader))(item, placeholders);
}

/** What an update expression leaves behind. Operands see the item as it was before. */
export function updated(update: string, item: Item | undefined, key: Item, placeholders: Placeholders): Item {
  const change = parsed(updates, update, (reader) => clausesOf(reader));
  const after: Item = { ...key, ...item };
  for (const apply of change) apply(item ?? key, after, placeholders);
  return after;
}

type Apply = (before: Item, after: Item, placeholders: Placeholders) => void;

const conditions = new Map<string, Evaluate<boolean>>();
const updates = new Map<string, readonly Apply[]>();

/** Each text is parsed once: the same few expressions are evaluated millions of times. */
function parsed<T>(known: Map<string, T>, text: string, parse: (reader: Reader) => T): T {
  const earlier = known.get(text);
  if (earlier !== undefined) return earlier;
  const reader = new Reader(text);
  const result = parse(reader);
  reader.end();
  known.set(text, result);
  return result;
}

function orOf(reader: Reader): Evaluate<boolean> {
  let left = andOf(reader);
  while (reader.takes('OR')) {
    const [first, second] = [left, andOf(reader)];
    left = (item, given) => first(item, given) || second(item, given);
  }
  return left;
}

function andOf(reader: Reader): Evaluate<boolean> {
  let left = notOf(reader);
  while (reader.takes('AND')) {
    const [first, second] = [left, notOf(reader)];
    left = (item, given) => first(item, given) && second(item, given);
  }
  return left;
}

function notOf(reader: Reader): Evaluate<boolean> {
  if (!reader.takes('NOT')) return termOf(reader);
  const negated = notOf(reader);
  return (item, given) => !negated(item, given);
}

function termOf(reader: Reader): Evaluate<boolean> {
  if (reader.takes('(')) {
    const inner = orOf(reader);
    reader.expect(')');
    return inner;
  }
  const word = reader.peek();
  if (word === 'attribute_exists' || word === 'attribute_not_exists') {
    const path = argumentOf(reader);
    return (item, given) => (pathOf(path, item, given) !== undefined) === (word === 'attribute_exists');
  }
  if (word === 'contains') {
    reader.take();
    reader.expect('(');
    const list = operandOf(reader);
    reader.expect(',');
    const member = operandOf(reader);
    reader.expect(')');
    return (item, given) => contains(list(item, given), member(item, given));
  }
  const left = operandOf(reader);
  const operator = reader.take();
  const right = operandOf(reader);
  const compare = comparators[operator] ?? reader.fail(operator);
  return (item, given) => compare(left(item, given), right(item, given));
}

const comparators: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '=': (a, b) => a !== undefined && b !== undefined && isEqual(a, b),
  '<>': (a, b) => a === undefined || b === undefined || !isEqual(a, b),
  '<': (a, b) => isComparable(a, b) && order(a, b) < 0,
  '<=': (a, b) => isComparable(a, b) && order(a, b) <= 0,
  '>': (a, b) => isComparable(a, b) && order(a, b) > 0,
  '>=': (a, b) => isComparable(a, b) && order(a, b) >= 0,
};

function isComparable(a: Value, b: Value): boolean {
  return typeof a === typeof b && (typeof a === 'number' || typeof a === 'string');
}

/** Strings by their UTF-8 bytes, as DynamoDB orders them. */
function order(a: Value, b: Value): number {
  return typeof a === 'number'
    ? a - (b as number)
    : Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
}

function isEqual(a: NativeAttributeValue, b: NativeAttributeValue): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a as object), b as Readonly<Record<string, Value>>];
  return (
    left.length === Object.keys(right).length &&
    left.every(([name, value]) => Object.hasOwn(right, name) && isEqual(value, right[name]))
  );
}

function contains(container: Value, member: Value): boolean {
  if (typeof container === 'string') return typeof member === 'string' && container.includes(member);
  return (
    Array.isArray(container) && member !== undefined && container.some((one: Value) => isEqual(one, member))
  );
}

function clausesOf(reader: Reader): readonly Apply[] {
  const applies: Apply[] = [];
  while (reader.peek() !== '') {
    const clause = reader.take().toUpperCase();
    do applies.push(actionOf(clause, reader));
    while (reader.takes(','));
  }
  return applies;
}

function actionOf(clause: string, reader: Reader): Apply {
  const path = reader.take();
  if (clause === 'REMOVE') {
    return (_, after, given) => {
      delete after[nameOf(path, given)];
    };
  }
  if (clause === 'ADD') {
    const operand = operandOf(reader);
    return (before, after, given) => {
      const name = nameOf(path, given);
      after[name] = numberOf(before[name] ?? 0) + numberOf(operand(before, given));
    };
  }
  if (clause !== 'SET') return reader.fail(clause);
  reader.expect('=');
  const value = sumOf(reader);
  return (before, after, given) => setAt(after, path, required(value(before, given), path), given);
}

/** Sets an attribute, or a member of a map that is there. */
function setAt(after: Item, path: string, value: NativeAttributeValue, given: Placeholders): void {
  const [name = '', ...inner] = path.split('.');
  const attribute = nameOf(name, given);
  if (inner.length === 0) {
    after[attribute] = value;
    return;
  }
  const map: unknown = after[attribute];
  if (typeof map !== 'object' || map === null) throw new Error(`DynamoDB finds no map at ${name}`);
  const copy = { ...(map as Item) };
  setAt(copy, inner.join('.'), value, given);
  after[attribute] = copy;
}

/** Anything but `SET` names attributes of the item itself. */
function nameOf(path: string, { names }: Placeholders): string {
  const name = path.startsWith('#') ? names?.[path] : path;
  if (name === undefined || path.includes('.')) throw new Error(`cannot update ${path}`);
  return name;
}

function sumOf(reader: Reader): Evaluate<Value> {
  const left = setOperandOf(reader);
  const sign = reader.takes('+') ? 1 : reader.takes('-') ? -1 : 0;
  if (sign === 0) return left;
  const right = setOperandOf(reader);
  return (item, given) => numberOf(left(item, given)) + sign * numberOf(right(item, given));
}

function setOperandOf(reader: Reader): Evaluate<Value> {
  const name = reader.peek();
  if (name !== 'if_not_exists' && name !== 'list_append') return operandOf(reader);
  reader.take();
  reader.expect('(');
  const first = setOperandOf(reader);
  reader.expect(',');
  const second = setOperandOf(reader);
  reader.expect(')');
  if (name === 'if_not_exists') return (item, given) => first(item, given) ?? second(item, given);
  return (item, given) => [...listOf(first(item, given)), ...listOf(second(item, given))];
}

function numberOf(value: Value): number {
  if (typeof value !== 'number') throw new Error('DynamoDB adds numbers only');
  return value;
}

function listOf(value: Value): readonly NativeAttributeValue[] {
  if (!Array.isArray(value)) throw new Error('DynamoDB appends lists only');
  return value;
}

function required(value: Value, path: string): NativeAttributeValue {
  if (value === undefined) throw new Error(`${path} would be set from an attribute that is not there`);
  return value;
}
