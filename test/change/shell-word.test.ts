import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { catalogue, resolveAction } from '../../functions/change/catalogue.ts';
import { shellWord } from '../../functions/change/shell-word.ts';

const hostile = [
  '$(id)',
  '`id`',
  "' ; id ; '",
  '"; id; "',
  'a b',
  '$HOME',
  '\\',
  '!!',
  '*',
  '',
  '~',
  'a\nb',
  '\u2028',
];

describe('a word of a shell', () => {
  it.each(hostile)('%j arrives as it is', (value) => {
    const printed = execFileSync('sh', ['-c', `printf %s ${shellWord(value)}`], { encoding: 'utf8' });
    expect(printed).toBe(value);
  });
});

describe('runbooks', () => {
  /** What is not in single quotes is what a shell would look at. */
  const unquoted = (line: string): string => line.replaceAll(/'[^']*'|\\'/g, '');

  it.each(catalogue.map((definition) => [definition.id, definition] as const))(
    '%s lets no parameter be expanded by the shell it is pasted into',
    (id, definition) => {
      let tried = 0;
      for (const example of definition.examples) {
        for (const [name, given] of Object.entries(example)) {
          if (typeof given !== 'string') continue;
          for (const value of hostile) {
            const resolved = resolveAction(id, { ...example, [name]: value });
            if (resolved.outcome !== 'resolved') continue;
            tried += 1;
            const lines = resolved.definition.runbook(resolved.parameters).map(unquoted).join('\n');
            expect(lines, `${name} ${JSON.stringify(value)}`).not.toMatch(/[$`"\\]|; id|!!/);
          }
        }
      }
      // A schema that takes no such value is the other way to be safe; that of parameters' values takes them all.
      if (id === 'ssm.put-parameter') expect(tried).toBeGreaterThan(10);
    },
  );
});
