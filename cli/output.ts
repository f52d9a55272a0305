import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';

/** Prints one JSON document: what `--json` gives instead of words. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonForTerminal(value)}\n`);
}

/** JSON whose strings cannot drive a terminal or hide in it: what is invisible is written as an escape. */
function jsonForTerminal(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(/[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--\n]/gv, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** A table without colours or borders that a narrow terminal cannot take. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const bare = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const table = new Table({
    head: [...head],
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...rows.map((row) => row.map(printable)));
  console.log(table.toString());
}

/** Text from telemetry or a model, made harmless for a terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
}

/** `2026-11-23 02:51:20 UTC`. */
export function instant(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `2026-11-23`-less time for lines of one incident. */
export function timeOfDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 23);
}

export const good = (text: string): string => styleText('green', text);
export const bad = (text: string): string => styleText('red', text);
export const dim = (text: string): string => styleText('dim', text);
