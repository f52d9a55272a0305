import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Step } from './timeline.ts';

type Style = Parameters<typeof styleText>[0];

const marks: Readonly<Record<Step['mood'], readonly [string, Style]>> = {
  neutral: ['•', 'cyan'],
  good: ['✓', 'green'],
  bad: ['✗', 'red'],
  waiting: ['…', 'yellow'],
};

/** What the person at the terminal sees. Standard error with `--json`, when standard output is for machines. */
export class Screen {
  readonly #stream: WriteStream;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  line(text = ''): void {
    this.#stream.write(`${text}\n`);
  }

  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stream });
  }

  heading(text: string): void {
    this.line();
    this.line(this.style('bold', text));
  }

  /** One line of the timeline. `more` may quote alarms and models: control characters never reach a terminal. */
  step({ what, more, mood }: Step, atEpochMs: number = Date.now()): void {
    const [mark, style] = marks[mood];
    const time = this.style('dim', new Date(atEpochMs).toTimeString().slice(0, 8));
    this.line(`  ${time}  ${this.style(style, mark)} ${what.padEnd(24)} ${printable(more)}`.trimEnd());
  }

  /**
   * Runs one part of the start, with a line when it takes over a second and one when it is done.
   */
  async progress<Result>(doing: string, done: string, run: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    const announce = setTimeout(() => this.line(`${this.style('dim', '·')} ${doing} …`), 1_000);
    try {
      const result = await run();
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      this.line(`${this.style('green', '✓')} ${done} ${this.style('dim', `(${seconds} s)`)}`);
      return result;
    } finally {
      clearTimeout(announce);
    }
  }
}

/** One line without control, format or separator characters. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
