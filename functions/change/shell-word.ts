/** A value as one word of a POSIX shell: nothing in it is expanded when a person pastes a runbook line. */
export function shellWord(value: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
