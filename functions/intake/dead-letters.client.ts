import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Priority } from '../platform/vocabulary.ts';
import { oneLine } from './bounded-text.ts';

/** The dead-letter queues of the three priorities. The body stays as it was, so that it can be redriven. */
export class DeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrls: Readonly<Record<Priority, string>>;

  constructor(queueUrls: Readonly<Record<Priority, string>>, client: SQSClient = new SQSClient({})) {
    this.#queueUrls = queueUrls;
    this.#client = client;
  }

  /** Sends a message aside with the reason in words and its stable code as attributes. */
  async setAside(priority: Priority, body: string, reason: string, code: string): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrls[priority],
        MessageBody: body,
        MessageAttributes: {
          reason: { DataType: 'String', StringValue: oneLine(reason, 500) },
          code: { DataType: 'String', StringValue: code },
        },
      }),
    );
  }
}
