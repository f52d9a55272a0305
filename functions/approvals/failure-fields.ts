import { InterlockError } from '../platform/errors.ts';

/** The log's fields for a failure: its stable code and its name, never its message, which may quote what it failed on. */
export function failureFields(error: unknown): { code: string; errorName: string } {
  return {
    code: error instanceof InterlockError ? error.code : 'unexpected',
    errorName: error instanceof Error ? error.name : 'unknown',
  };
}
