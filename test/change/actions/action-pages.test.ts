import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { actionPages, pagesFolder } from '../../../docs/generate-action-pages.ts';
import { catalogue } from '../../../functions/change/catalogue.ts';

const pages = await actionPages();

describe('the pages of the actions in docs/actions', () => {
  it('are those of the catalogue and no others', () => {
    const wanted = ['README.md', ...catalogue.map(({ id }) => `${id.replace('.', '-')}.md`)];
    expect([...pages.keys()].toSorted()).toStrictEqual(wanted.toSorted());
    expect(readdirSync(pagesFolder).toSorted(), 'run `npm run docs:actions`').toStrictEqual(
      wanted.toSorted(),
    );
  });

  it.each([...pages])('%s says what the catalogue says', (name, page) => {
    const committed = readFileSync(join(pagesFolder, name), 'utf8');
    expect(committed, `docs/actions/${name} is out of date: run \`npm run docs:actions\``).toBe(page);
  });

  it.each(catalogue.map((definition) => [definition.id, definition] as const))(
    '%s names every parameter and every call of its role',
    (id, { parametersJsonSchema, permissions }) => {
      const page = pages.get(`${id.replace('.', '-')}.md`) ?? '';
      const { properties } = parametersJsonSchema as { readonly properties: object };
      for (const name of Object.keys(properties)) expect(page).toContain(`| \`${name}\` |`);
      for (const call of permissions.flatMap(({ actions }) => actions)) expect(page).toContain(`\`${call}\``);
    },
  );
});
