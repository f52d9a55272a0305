import { DependencyUnavailableError } from '../../platform/errors.ts';

/** How AWS services say "not now" to a request they did not carry out. */
const transient = new Set([
  'RequestLimitExceeded',
  'RequestThrottled',
  'ResourceConflictException',
  'ResourceContentionFault',
  'ScalingActivityInProgressFault',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TooManyUpdates',
  'UpdateInProgressException',
]);

/**
 * Throttling and conflicts with another operation as an error that the state machine retries; nothing was
 * written. Any other error is answered as it is.
 */
export function unavailableIfTransient(error: unknown, service: string): unknown {
  if (!(error instanceof Error)) return error;
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  if (!transient.has(error.name) && $metadata?.httpStatusCode !== 429) return error;
  return new DependencyUnavailableError(
    'change.service-busy',
    `${service} is busy (${error.name}) and did nothing; retry`,
    { cause: error },
  );
}
