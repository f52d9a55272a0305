import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { InterlockError } from '../../platform/errors.ts';
import { malformedMembers } from '../../platform/malformed-members.ts';

/** How long a secret is kept before it is read again, so that a rotated one takes effect. */
const keptMs = 300_000;

/** What `slackSecretArn` holds: the bot's token (scope `chat:write`) and what Slack signs its requests with. */
export const slackSecret = z.object({
  botToken: z.string().check(z.regex(/^[!-~]{1,512}$/)),
  signingSecret: z.string().check(z.regex(/^[!-~]{16,256}$/)),
});

/** What `webhookSecretArn` holds: an address that anybody who has it can post to. */
export const webhookSecret = z.object({ url: z.url() });

/** A secret whose text is JSON, read on first use and every five minutes. */
export class JsonSecret<Schema extends z.ZodMiniType> {
  readonly #client: SecretsManagerClient;
  readonly #secretArn: string;
  readonly #schema: Schema;
  readonly #clock: Clock;
  #kept: { readonly value: z.output<Schema>; readonly untilEpochMs: number } | undefined;

  constructor(
    secretArn: string,
    schema: Schema,
    clock: Clock = systemClock,
    client: SecretsManagerClient = new SecretsManagerClient({}),
  ) {
    this.#secretArn = secretArn;
    this.#schema = schema;
    this.#clock = clock;
    this.#client = client;
  }

  /** @throws InterlockError `approvals.malformed-channel-secret`, which names the secret and nothing in it. */
  async read(): Promise<z.output<Schema>> {
    if (this.#kept !== undefined && this.#clock() < this.#kept.untilEpochMs) return this.#kept.value;
    const { SecretString = '' } = await this.#client.send(
      new GetSecretValueCommand({ SecretId: this.#secretArn }),
    );
    const parsed = z.safeParse(this.#schema, parseJson(SecretString));
    if (!parsed.success) {
      const members = malformedMembers(parsed.error);
      throw new InterlockError(
        'approvals.malformed-channel-secret',
        `secret ${this.#secretArn} lacks or malforms: ${members}; store them as JSON`,
      );
    }
    this.#kept = { value: parsed.data, untilEpochMs: this.#clock() + keptMs };
    return parsed.data;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
