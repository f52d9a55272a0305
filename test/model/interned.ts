import { canonicalJson } from '../../functions/platform/canonical-json.ts';

/** Gives equal values the same small number, so that states are compared and remembered by numbers. */
export class Interned<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];

  id(value: T, text: string = canonicalJson(value)): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#ids.set(text, this.#values.length);
    return this.#values.push(value) - 1;
  }

  value(id: number): T {
    if (id >= this.#values.length) throw new Error(`nothing is interned under ${id}`);
    return this.#values[id] as T;
  }

  get size(): number {
    return this.#values.length;
  }
}
