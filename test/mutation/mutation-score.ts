import * as z from 'zod';

/** How many broken versions of a file its tests noticed. One that never ended counts as noticed. */
export interface FileScore {
  readonly killed: number;
  readonly survived: number;
}

const report = z.object({
  files: z.record(z.string(), z.object({ mutants: z.array(z.object({ status: z.string() })) })),
});

const noticed = new Set(['Killed', 'Timeout']);
const unnoticed = new Set(['Survived', 'NoCoverage']);

/** Scores of Stryker's JSON report, worst file first. What could not run at all (`CompileError`, `Ignored`) does not count. */
export function scoresOf(json: string): {
  readonly files: readonly (readonly [string, FileScore])[];
  readonly total: FileScore;
} {
  const files = Object.entries(report.parse(JSON.parse(json)).files)
    .map(([path, { mutants }]): readonly [string, FileScore] => [
      path,
      {
        killed: mutants.filter(({ status }) => noticed.has(status)).length,
        survived: mutants.filter(({ status }) => unnoticed.has(status)).length,
      },
    ])
    .toSorted(([, a], [, b]) => shareOf(a) - shareOf(b));
  const total = files.reduce(
    (sum, [, score]) => ({ killed: sum.killed + score.killed, survived: sum.survived + score.survived }),
    { killed: 0, survived: 0 },
  );
  return { files, total };
}

function shareOf({ killed, survived }: FileScore): number {
  return killed + survived === 0 ? 1 : killed / (killed + survived);
}
