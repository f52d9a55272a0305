import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

/** Where people are told. Best effort by design: what must not be lost stands in the tables already. */
export class PersonTopic {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(topicArn: string, client: SNSClient = new SNSClient({})) {
    this.#topicArn = topicArn;
    this.#client = client;
  }

  /** @param subject At most 100 ASCII characters (SNS's limit); anything beyond is cut. */
  async tell(subject: string, message: string): Promise<void> {
    const Subject = subject.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
    await this.#client.send(new PublishCommand({ TopicArn: this.#topicArn, Subject, Message: message }));
  }
}
