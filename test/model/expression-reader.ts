import type { NativeAttributeValue } from '@aws-sdk/util-dynamodb';
import type { Item } from '../../functions/platform/dynamodb.ts';

/** What stands for names and values in an expression. */
export interface Placeholders {
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, NativeAttributeValue>>;
}

export type Value = NativeAttributeValue | undefined;
export type Evaluate<T> = (item: Item | undefined, placeholders: Placeholders) => T;

/** The words of one expression, read from left to right. */
export class Reader {
  readonly #text: string;
  readonly #words: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    const word = /<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*(?:\.#?[A-Za-z_][A-Za-z0-9_]*)*/g;
    this.#words = text.match(word) ?? [];
    if (this.#words.join('') !== text.replaceAll(/\s/g, '')) this.fail('a character it does not know');
  }

  peek(): string {
    return this.#words[this.#at] ?? '';
  }

  take(): string {
    return this.#words[this.#at++] ?? this.fail('the end');
  }

  /** Takes the next word if it is this one, whatever its case. */
  takes(word: string): boolean {
    if (this.peek().toUpperCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  expect(word: string): void {
    if (!this.takes(word)) this.fail(`${this.peek()} instead of ${word}`);
  }

  end(): void {
    if (this.#at < this.#words.length) this.fail(`${this.peek()} behind its end`);
  }

  fail(found: string): never {
    throw new Error(`expression "${this.#text}" holds ${found}: teach test/model/expressions.ts about it`);
  }
}

export function operandOf(reader: Reader): Evaluate<Value> {
  if (reader.peek() === 'size') {
    const path = argumentOf(reader);
    return (item, given) => sizeOf(pathOf(path, item, given));
  }
  const word = reader.take();
  if (word.startsWith(':')) return (_, given) => valueOf(word, given);
  return (item, given) => pathOf(word, item, given);
}

export function argumentOf(reader: Reader): string {
  reader.take();
  reader.expect('(');
  const path = reader.take();
  reader.expect(')');
  return path;
}

/** Of lists alone: nothing here asks for the size of anything else. */
function sizeOf(value: Value): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

export function pathOf(path: string, item: Item | undefined, { names }: Placeholders): Value {
  let found: Value = item;
  for (const part of path.split('.')) {
    const name = part.startsWith('#') ? names?.[part] : part;
    if (name === undefined) throw new Error(`${part} stands for no name`);
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Item)[name];
  }
  return found;
}

function valueOf(word: string, { values }: Placeholders): NativeAttributeValue {
  const value: Value = values?.[word];
  if (value === undefined) throw new Error(`${word} stands for no value`);
  return value;
}
