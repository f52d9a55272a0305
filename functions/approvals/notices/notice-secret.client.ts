import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import type { Clock } from '../../platform/clock.ts';
import { InterlockError } from '../../platform/errors.ts';
import { keptSecret } from '../../platform/kept-secret.client.ts';
import { malformedMembers } from '../../platform/malformed-members.ts';
import { parseJson } from '../../platform/parse-json.ts';

/** What `slackSecretArn` holds: the bot's token (scope `chat:write`) and what Slack signs its requests with. */
export const slackSecret = z.object({
  botToken: z.string().check(z.regex(/^[!-~]{1,512}$/)),
  signingSecret: z.string().check(z.regex(/^[!-~]{16,256}$/)),
});

/** What `webhookSecretArn` holds: an address that anybody who has it can post to. */
export const webhookSecret = z.object({ url: z.url() });

/**
 * A secret whose text is JSON, kept as {@link keptSecret} says.
 *
 * @throws InterlockError `approvals.malformed-channel-secret`, when it is asked for: names the secret and nothing
 *   in it.
 */
export function jsonSecret<Schema extends z.ZodMiniType>(
  secretArn: string,
  schema: Schema,
  clock?: Clock,
  client?: SecretsManagerClient,
): () => Promise<z.output<Schema>> {
  const understand = (text: string): z.output<Schema> => {
    const parsed = z.safeParse(schema, parseJson(text));
    if (parsed.success) return parsed.data;
    const members = malformedMembers(parsed.error);
    throw new InterlockError(
      'approvals.malformed-channel-secret',
      `secret ${secretArn} lacks or malforms: ${members}; store them as JSON`,
    );
  };
  return keptSecret(secretArn, understand, clock, client);
}
