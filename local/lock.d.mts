export interface Lock {
  readonly release: () => void;
}
export interface LockOptions {
  /** Wait for the holder instead of throwing. @default false */
  readonly wait?: boolean;
  readonly onWait?: (pid: number) => void;
}
/** Somebody else holds the lock: `pid` names the process. */
export class LockHeldError extends Error {
  readonly pid: number;
}
/**
 * An exclusive lock between processes of this machine; dead holders are taken over.
 *
 * @throws LockHeldError at once, unless `wait` is set.
 */
export function acquireLock(file: string, options?: LockOptions): Promise<Lock>;
