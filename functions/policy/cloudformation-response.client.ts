import { DependencyUnavailableError } from '../platform/errors.ts';

/** What CloudFormation is told about a custom resource. */
export interface CustomResourceAnswer {
  readonly status: 'SUCCESS' | 'FAILED';
  /** One sentence for the events of the stack. */
  readonly reason: string;
  readonly physicalResourceId: string;
}

/** Members of the request that the answer repeats. */
export interface CustomResourceRequest {
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

const attempts = 3;
const timeoutMs = 10_000;

/**
 * Answers CloudFormation, which waits for an hour when it hears nothing.
 *
 * @throws DependencyUnavailableError `policy.response-not-sent` after three attempts.
 */
export async function answerCloudFormation(
  request: CustomResourceRequest,
  answer: CustomResourceAnswer,
): Promise<void> {
  const body = JSON.stringify({
    Status: answer.status,
    Reason: answer.reason.slice(0, 1_000),
    PhysicalResourceId: answer.physicalResourceId,
    StackId: request.StackId,
    RequestId: request.RequestId,
    LogicalResourceId: request.LogicalResourceId,
  });
  let lastStatus = 'no answer';
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      // The signature of the address covers an empty content type.
      const response = await fetch(request.ResponseURL, {
        method: 'PUT',
        body,
        headers: { 'content-type': '' },
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return;
      lastStatus = `status ${response.status}`;
    } catch (error) {
      lastStatus = error instanceof Error ? error.name : 'unknown';
    }
  }
  throw new DependencyUnavailableError(
    'policy.response-not-sent',
    `CloudFormation could not be answered in ${attempts} attempts (${lastStatus})`,
  );
}
