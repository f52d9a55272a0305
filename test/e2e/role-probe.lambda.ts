/**
 * Runs one AWS call on the role it was deployed with and says how it ended. Deployed by the least-privilege
 * test beside each of our functions, on that function's role: what it is refused, the function is refused.
 */
import * as appconfig from '@aws-sdk/client-appconfig';
import * as autoscaling from '@aws-sdk/client-auto-scaling';
import * as bedrock from '@aws-sdk/client-bedrock-runtime';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import * as ecs from '@aws-sdk/client-ecs';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as sfn from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const sdk = {
  appconfig,
  autoscaling,
  bedrock,
  cloudwatch,
  dynamodb,
  ec2,
  ecs,
  eventbridge,
  iam,
  kms,
  lambda,
  s3,
  secretsmanager,
  sfn,
  sns,
  sqs,
  ssm,
};

const clients = {
  appconfig: new appconfig.AppConfigClient({}),
  autoscaling: new autoscaling.AutoScalingClient({}),
  bedrock: new bedrock.BedrockRuntimeClient({ requestHandler: new NodeHttpHandler(), maxAttempts: 1 }),
  cloudwatch: new cloudwatch.CloudWatchClient({}),
  dynamodb: new dynamodb.DynamoDBClient({}),
  ec2: new ec2.EC2Client({}),
  ecs: new ecs.ECSClient({}),
  eventbridge: new eventbridge.EventBridgeClient({}),
  iam: new iam.IAMClient({}),
  kms: new kms.KMSClient({}),
  lambda: new lambda.LambdaClient({}),
  s3: new s3.S3Client({}),
  secretsmanager: new secretsmanager.SecretsManagerClient({}),
  sfn: new sfn.SFNClient({}),
  sns: new sns.SNSClient({}),
  sqs: new sqs.SQSClient({}),
  ssm: new ssm.SSMClient({}),
};

export interface ProbeCall {
  readonly service: keyof typeof clients;
  /** Command without its suffix: `PutItem`. */
  readonly command: string;
  readonly input: Record<string, unknown>;
}

export interface ProbeAnswer {
  /** `ok`, or the error's name. */
  readonly ended: string;
  /** What `Decrypt` gave. */
  readonly plaintext?: string;
}

export const handler = async ({ service, command, input }: ProbeCall): Promise<ProbeAnswer> => {
  const Command = (sdk[service] as unknown as Record<string, new (input: unknown) => never>)[
    `${command}Command`
  ];
  if (Command === undefined) throw new Error(`no command ${command}`);
  try {
    const client = clients[service] as unknown as { send(command: unknown): Promise<unknown> };
    const { Plaintext } = (await client.send(new Command(revived(input)))) as { Plaintext?: Uint8Array };
    return {
      ended: 'ok',
      ...(Plaintext === undefined ? {} : { plaintext: Buffer.from(Plaintext).toString('utf8') }),
    };
  } catch (error) {
    return { ended: (error as Error).name };
  }
};

/** Bytes travel through JSON as `{ "$base64": "…" }`. */
function revived(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      const base64 = (value as { $base64?: string } | null)?.$base64;
      return [name, base64 === undefined ? value : Buffer.from(base64, 'base64')];
    }),
  );
}
