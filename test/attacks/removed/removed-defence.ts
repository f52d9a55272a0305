/** One text of one file, found exactly once, and what stands there instead. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Something without which attacks succeed. */
export interface RemovedDefence {
  /** What is missing, in a few words. */
  readonly without: string;
  /** Attacks that must succeed then: describe and case. */
  readonly attacks: readonly string[];
  /** More than one where one defence stands behind the other. */
  readonly edits: readonly Edit[];
  /** Why honest people cannot sign in without it either, where that is so. */
  readonly honestPeopleToo?: string;
}

/** An edit of a file of `functions/approvals`. */
export function edit(file: string, find: string, replace: string): Edit {
  return { file: `functions/approvals/${file}`, find, replace };
}

/** The names of cases of one describe. */
export function cases(describe: string, ...names: readonly string[]): string[] {
  return names.map((name) => `${describe} > ${name}`);
}
