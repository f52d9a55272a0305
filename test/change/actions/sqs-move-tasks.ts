import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { bodyOf, startHttpServer } from './http-server.ts';

interface Task {
  readonly TaskHandle: string;
  readonly SourceArn: string;
  readonly MaxNumberOfMessagesPerSecond: number;
  readonly ApproximateNumberOfMessagesToMove: number;
  readonly StartedTimestamp: number;
  ApproximateNumberOfMessagesMoved: number;
  Status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
}
interface Body {
  readonly QueueUrl?: string;
  readonly SourceArn?: string;
  readonly MaxNumberOfMessagesPerSecond?: number;
}

/**
 * SQS in front of the emulator: what MiniStack 1.5.33 does not know of dead-letter queues (the source queues
 * of one, and move tasks) is answered here by really moving the messages; everything else is passed on.
 */
export async function startMoveTasks(emulatorUrl: string) {
  const sqs = new SQSClient({ endpoint: emulatorUrl });
  const tasks: Task[] = [];
  const server = await startHttpServer((incoming, outgoing) => {
    void bodyOf(incoming).then((body) => answer(incoming, body, outgoing));
  });

  async function answer(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse) {
    const operation = String(incoming.headers['x-amz-target']).replace('AmazonSQS.', '');
    const own = operations[operation];
    if (own === undefined) return passOn(emulatorUrl, incoming, body, outgoing);
    try {
      const result = await own(JSON.parse(body.toString('utf8')) as Body);
      outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(result));
    } catch (error) {
      const name = error instanceof Error ? error.name : 'InternalError';
      outgoing.writeHead(400, { 'x-amzn-errortype': name }).end(JSON.stringify({ __type: name }));
    }
  }

  const operations: Readonly<Record<string, (body: Body) => unknown>> = {
    ListDeadLetterSourceQueues: async ({ QueueUrl = '' }) => ({
      queueUrls: (await sourcesOf(await arnOf(QueueUrl))).map(({ url }) => url),
    }),
    ListMessageMoveTasks: ({ SourceArn }) => ({
      Results: tasks
        .filter((task) => task.SourceArn === SourceArn)
        .map((task) => (task.Status === 'RUNNING' ? task : { ...task, TaskHandle: undefined })),
    }),
    StartMessageMoveTask: async ({ SourceArn = '', MaxNumberOfMessagesPerSecond = 500 }) => {
      const url = await urlOf(SourceArn);
      const [source] = await sourcesOf(SourceArn);
      if (source === undefined) throw named('ResourceNotFoundException');
      if (tasks.some((task) => task.SourceArn === SourceArn && task.Status === 'RUNNING')) {
        throw named('InvalidParameterValue');
      }
      const task: Task = {
        TaskHandle: Buffer.from(`${SourceArn} ${tasks.length}`).toString('base64'),
        SourceArn,
        MaxNumberOfMessagesPerSecond,
        ApproximateNumberOfMessagesToMove: await depthOf(url),
        // Two tasks never start in the same millisecond, on AWS neither.
        StartedTimestamp: Math.max(Date.now(), (tasks.at(-1)?.StartedTimestamp ?? 0) + 1),
        ApproximateNumberOfMessagesMoved: 0,
        Status: 'RUNNING',
      };
      tasks.push(task);
      void move(task, url, source.url).catch(() => {
        task.Status = 'FAILED';
      });
      return { TaskHandle: task.TaskHandle };
    },
  };

  async function move(task: Task, from: string, to: string) {
    while (task.Status === 'RUNNING') {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: from }));
      const [message] = Messages;
      if (message === undefined) task.Status = 'COMPLETED';
      else {
        await sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: message.Body }));
        await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: message.ReceiptHandle }));
        task.ApproximateNumberOfMessagesMoved += 1;
        await new Promise((done) => setTimeout(done, 1_000 / task.MaxNumberOfMessagesPerSecond));
      }
    }
  }

  async function sourcesOf(arn: string) {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    const queues = await Promise.all(
      QueueUrls.map(async (url) => ({ url, policy: (await attributesOf(url))['RedrivePolicy'] ?? '{}' })),
    );
    return queues.filter(
      ({ policy }) => (JSON.parse(policy) as { deadLetterTargetArn?: string }).deadLetterTargetArn === arn,
    );
  }
  async function attributesOf(QueueUrl: string): Promise<Record<string, string>> {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    return Attributes ?? {};
  }
  const arnOf = async (url: string) => (await attributesOf(url))['QueueArn'] ?? '';
  const depthOf = async (url: string) => Number((await attributesOf(url))['ApproximateNumberOfMessages']);
  async function urlOf(arn: string) {
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: arn.split(':').at(-1) }));
    return QueueUrl;
  }

  return {
    url: server.url,
    stop: async () => {
      for (const task of tasks) if (task.Status === 'RUNNING') task.Status = 'CANCELLED';
      await server.stop();
    },
  };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

function passOn(emulatorUrl: string, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse) {
  const { method, headers, url } = incoming;
  const onward = request(new URL(url ?? '/', emulatorUrl), { method, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 500, response.headers);
    response.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  onward.end(body);
}
