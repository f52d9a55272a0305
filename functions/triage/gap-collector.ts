/** Gathers one sentence for each thing that could not be read, so that a person sees what triage did not. */
export class GapCollector {
  readonly #gaps = new Set<string>();

  get all(): readonly string[] {
    return [...this.#gaps];
  }

  add(gap: string): void {
    this.#gaps.add(gap);
  }

  /** The value read, or `undefined` and a gap that names the error's kind (not its message: it may quote data). */
  async attempt<Value>(what: string, read: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await read();
    } catch (error) {
      this.add(`${what} could not be read (${error instanceof Error ? error.name : 'unknown error'})`);
      return undefined;
    }
  }
}
