import { Database, type TransactResult, type Write } from '../../functions/platform/dynamodb.ts';

/** What a killed process throws; nothing of it happens after that. */
class Crash extends Error {}

/** A process that is killed before its effect number `dieBefore` (0 for the first); every effect is counted. */
export class Mortal {
  effects = 0;
  readonly #dieBefore: number;

  constructor(dieBefore = Number.POSITIVE_INFINITY) {
    this.#dieBefore = dieBefore;
  }

  async effect<T>(run: () => Promise<T>): Promise<T> {
    if (this.effects >= this.#dieBefore) throw new Crash(`killed before effect ${this.#dieBefore}`);
    this.effects += 1;
    return run();
  }

  /** A database whose writes are effects of this process. */
  database(): Database {
    return new MortalDatabase(this);
  }
}

class MortalDatabase extends Database {
  readonly #process: Mortal;

  constructor(process: Mortal) {
    super();
    this.#process = process;
  }

  override async transact(writes: readonly Write[]): Promise<TransactResult> {
    return this.#process.effect(() => super.transact(writes));
  }
}

/**
 * Runs `work` killed before each of its effects in turn, each time followed by a run that is left alone, and
 * once undisturbed.
 *
 * @returns How many effects an undisturbed run has.
 */
export async function killEverywhere(
  prepare: () => Promise<(process: Mortal) => Promise<unknown>>,
  check: (dieBefore: number) => Promise<void>,
): Promise<number> {
  for (let dieBefore = 0; ; dieBefore++) {
    const work = await prepare();
    const process = new Mortal(dieBefore);
    let died = false;
    await work(process).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      died = true;
    });
    if (died) await work(new Mortal());
    await check(dieBefore);
    if (!died) return dieBefore;
  }
}
