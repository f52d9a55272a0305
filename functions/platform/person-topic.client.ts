import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

/** Where people are told. Best effort by design: what must not be lost stands in the tables already. */
export class PersonTopic {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(topicArn: string, client: SNSClient = new SNSClient({})) {
    this.#topicArn = topicArn;
    this.#client = client;
  }

  /**
   * @param subject At most 100 ASCII characters (SNS's limit); anything beyond is cut.
   * @param attributes What subscriptions can filter by; none may be empty.
   */
  async tell(
    subject: string,
    message: string,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const Subject = subject.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
    );
    await this.#client.send(
      new PublishCommand({ TopicArn: this.#topicArn, Subject, Message: message, MessageAttributes }),
    );
  }
}
