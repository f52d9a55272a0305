import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';

const schema = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.string().check(z.regex(/^https?:\/\//)),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.optional(z.string()),
  ResourceProperties: z.object({ PolicyDigest: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
});

/** A custom resource's request: CloudFormation's own members, and the digest that shall be published. */
export type PublishRequest = z.output<typeof schema>;

/** One resource for ever: another id would make CloudFormation delete the one before. */
export const physicalResourceId = 'interlock-policies';

/** @throws InvalidInputError `policy.invalid-request` naming the members at fault. */
export function parsePublishRequest(event: unknown): PublishRequest {
  const parsed = z.safeParse(schema, event);
  if (parsed.success) return parsed.data;
  const members = malformedMembers(parsed.error);
  throw new InvalidInputError(
    'policy.invalid-request',
    `the custom resource's request has missing or malformed members: ${members}`,
  );
}
