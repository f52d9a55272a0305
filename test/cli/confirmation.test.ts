import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { isConfirmed } from '../../cli/confirmation.ts';

async function asked(answer: string | undefined): Promise<{ said: boolean; shown: string }> {
  const input = new PassThrough();
  const output = new PassThrough();
  if (answer === undefined) input.end();
  else input.write(answer);
  const said = await isConfirmed('Approve this?', input, output);
  return { said, shown: String(output.read()) };
}

describe('asking for a word', () => {
  it.each([
    ['y\n', true],
    ['Y\n', true],
    [' yes \n', true],
    ['\n', false],
    ['n\n', false],
    ['yeah\n', false],
    ['no yes\n', false],
    ['у\n', false], // Cyrillic
    [undefined, false],
  ])('%j means %s', async (answer, expected) => {
    expect(await asked(answer)).toStrictEqual({ said: expected, shown: 'Approve this? [y/N] ' });
  });
});
