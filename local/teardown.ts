/** What has to be undone when a run ends, newest first. Everything that starts something adds itself here. */
export class Teardown {
  readonly #steps: (() => void | Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /** Added after the end has begun, it is undone at once: nothing slips through a Ctrl-C in the middle. */
  async add(undo: () => void | Promise<void>): Promise<void> {
    if (this.#running !== undefined) await undo();
    else this.#steps.push(undo);
  }

  /** Undoes everything once; a step that fails does not keep the others from running. */
  run(): Promise<void> {
    this.#running ??= (async () => {
      while (this.#steps.length > 0) {
        try {
          await this.#steps.pop()?.();
        } catch (error) {
          console.error(`while stopping: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    })();
    return this.#running;
  }

  get hasBegun(): boolean {
    return this.#running !== undefined;
  }
}
