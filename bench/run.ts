/** `npm run bench -- NAME`: runs one benchmark, prints its table and updates its part of `docs/benchmarks.md`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Benchmark } from './benchmark.ts';

const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const names = readdirSync(fileURLToPath(new URL('measures', import.meta.url)))
  .map((file) => file.replace(/\.ts$/, ''))
  .toSorted();

const [name] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME\nNAME is one of: ${names.join(', ')}`);
  process.exit(name === '--help' ? 0 : 2);
}

const { benchmark } = (await import(`./measures/${name}.ts`)) as { benchmark: Benchmark };
const startedAt = Date.now();
const table = await benchmark
  .measure((line) => console.error(line))
  .catch((error: unknown) => {
    console.error(
      `${name} failed: ${(error instanceof Error ? error.message : String(error)).slice(0, 500)}`,
    );
    process.exit(1);
  });
const rows = [table.head, table.head.map(() => '---'), ...table.rows]
  .map((row) => `| ${row.join(' | ')} |`)
  .join('\n');
console.log(`\n${benchmark.title}\n\n${rows}\n`);

const section = [
  `<!-- bench:${name} -->`,
  `## ${benchmark.title}`,
  '',
  `\`npm run bench -- ${name}\`, ${new Date(startedAt).toISOString().slice(0, 10)}, Node ${process.versions.node}, 2 shared cores. ${benchmark.how}`,
  '',
  rows,
  `<!-- /bench:${name} -->`,
].join('\n');
const text = readFileSync(page, 'utf8');
const place = new RegExp(`<!-- bench:${name} -->[\\s\\S]*<!-- /bench:${name} -->`);
writeFileSync(
  page,
  place.test(text) ? text.replace(place, () => section) : `${text.trimEnd()}\n\n${section}\n`,
);
console.error(`updated docs/benchmarks.md, section ${name}`);
process.exit(0);
