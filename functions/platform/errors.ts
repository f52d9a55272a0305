/** Extra facts for whoever reads the error. Never a secret, never a whole payload. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * The one error base. Refusals are values (tagged unions); this is thrown only for broken input, a broken
 * invariant or an unavailable dependency. `name` is what a state machine's `ErrorEquals` matches; `code` is
 * stable and dotted (`capability.what`); the message says subject, limit, actual and next step.
 */
export class InterlockError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'InterlockError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** Input that can never be processed, however often it is retried. */
export class InvalidInputError extends InterlockError {
  constructor(code: string, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(code, message, options);
    this.name = 'InvalidInputError';
  }
}

/** A dependency that did not answer; the same call may succeed later. */
export class DependencyUnavailableError extends InterlockError {
  constructor(code: string, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(code, message, { ...options, retryable: true });
    this.name = 'DependencyUnavailableError';
  }
}
