import { beforeAll, describe, expect, test } from 'vitest';
import { synthesis } from './synthesis.ts';
import { type CloudTemplate, readable, resourceAt, resourcesOf, type Statement } from './template.ts';

let prod: CloudTemplate;
let local: CloudTemplate;
beforeAll(async () => {
  prod = (await synthesis('prod')).template;
  local = (await synthesis('local')).template;
});

describe('tables', () => {
  test('there are three, and no table of a kind that the emulator would replace', () => {
    expect(
      resourcesOf(prod, 'AWS::DynamoDB::Table')
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['Platform/Tables/Controls', 'Platform/Tables/Ledger', 'Platform/Tables/Operations']);
    expect(resourcesOf(prod, 'AWS::DynamoDB::GlobalTable')).toEqual([]);
  });

  test.each(['Controls', 'Operations', 'Ledger'])(
    '%s is on demand, encrypted, recoverable and kept',
    (name) => {
      const table = resourceAt(prod, 'AWS::DynamoDB::Table', `Platform/Tables/${name}`);
      expect(table.Properties.BillingMode).toBe('PAY_PER_REQUEST');
      expect(table.Properties.KeySchema).toEqual([
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ]);
      expect(table.Properties.SSESpecification).toMatchObject({ SSEEnabled: true });
      expect(readable(prod, table.Properties.SSESpecification.KMSMasterKeyId)).toBe('<Platform/DataKey>');
      expect(table.Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
      expect(table.Properties.DeletionProtectionEnabled).toBe(true);
      expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    },
  );

  test.each([
    ['Controls', { AttributeName: 'ttlEpochSeconds', Enabled: true }, undefined],
    ['Operations', { AttributeName: 'ttlEpochSeconds', Enabled: true }, 'NEW_AND_OLD_IMAGES'],
    ['Ledger', undefined, 'NEW_AND_OLD_IMAGES'],
  ])('%s has its time to live and its stream', (name, timeToLive, stream) => {
    const { Properties } = resourceAt(prod, 'AWS::DynamoDB::Table', `Platform/Tables/${name}`);
    expect(Properties.TimeToLiveSpecification).toEqual(timeToLive);
    expect(Properties.StreamSpecification?.StreamViewType).toBe(stream);
  });

  test('Operations can be listed by status and time', () => {
    const { Properties } = resourceAt(prod, 'AWS::DynamoDB::Table', 'Platform/Tables/Operations');
    expect(Properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'byStatus',
        KeySchema: [
          { AttributeName: 'statusKey', KeyType: 'HASH' },
          { AttributeName: 'statusAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ]);
  });

  test('a local stack can be thrown away', () => {
    for (const table of resourcesOf(local, 'AWS::DynamoDB::Table')) {
      expect(table.Properties.DeletionProtectionEnabled).toBe(false);
      expect(table.DeletionPolicy).toBe('Delete');
    }
  });
});

describe('keys', () => {
  const statements = (path: string): Statement[] =>
    resourceAt(prod, 'AWS::KMS::Key', path).Properties.KeyPolicy.Statement;
  const usesKey = /^kms:(\*|Encrypt|Decrypt|GenerateDataKey|ReEncrypt|CreateGrant)/;

  test.each(['Platform/DataKey', 'Approvals/ApprovalKey'])(
    '%s rotates, is kept, and its account may only manage it',
    (path) => {
      const key = resourceAt(prod, 'AWS::KMS::Key', path);
      expect(key.Properties.EnableKeyRotation).toBe(true);
      expect(key.DeletionPolicy).toBe('Retain');
      const uses = statements(path).filter(({ Action = [] }) =>
        [Action].flat().some((call) => usesKey.test(call)),
      );
      const ofAccount = statements(path).filter(({ Principal }) =>
        JSON.stringify(Principal).includes(':root'),
      );
      expect(ofAccount.length).toBeGreaterThan(0);
      // CDK adds one for the session secret: it holds through Secrets Manager only.
      for (const use of uses.filter((statement) => ofAccount.includes(statement))) {
        expect(JSON.stringify(use.Condition)).toContain('kms:ViaService');
      }
    },
  );

  test('the approval key: the request encrypts, the callback decrypts, nobody else does either', () => {
    const users = statements('Approvals/ApprovalKey')
      .filter(({ Action = [] }) => [Action].flat().some((action) => usesKey.test(action)))
      .map(({ Action, Principal }) => [Action, readable(prod, (Principal as { AWS: unknown }).AWS)]);
    expect(users).toEqual([
      ['kms:Encrypt', '<Approvals/RequestApprovalFunction/Role>'],
      ['kms:Decrypt', '<Approvals/ApprovalCallbackFunction/Role>'],
    ]);
  });

  test('the data key is used only through the services that store our data, from our account', () => {
    const open = statements('Platform/DataKey').filter(
      ({ Principal }) => JSON.stringify(Principal) === '{"AWS":"*"}',
    );
    expect(open).toHaveLength(1);
    const condition = open[0]?.Condition as { StringEquals: Record<string, unknown> };
    expect(Object.keys(open[0]?.Condition ?? {})).toEqual(['StringEquals']);
    expect(condition.StringEquals['kms:CallerAccount']).toEqual({ Ref: 'AWS::AccountId' });
    const services = (condition.StringEquals['kms:ViaService'] as unknown[]).map((service) =>
      readable(prod, service),
    );
    expect(services).toEqual(
      ['dynamodb', 's3', 'secretsmanager', 'sns'].map((service) => `${service}.<AWS::Region>.amazonaws.com`),
    );
  });
});

describe('snapshots, topic and session secret', () => {
  test('the snapshot bucket is versioned, encrypted, closed, and forgets in time', () => {
    const bucket = resourceAt(prod, 'AWS::S3::Bucket', 'Change/Snapshots');
    expect(bucket.Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    const [rule] = bucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration;
    expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm).toBe('aws:kms');
    expect(bucket.Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(bucket.Properties.LifecycleConfiguration.Rules).toMatchObject([
      { ExpirationInDays: 400, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ]);
    expect(bucket.DeletionPolicy).toBe('Retain');
  });

  test.each(['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy'])(
    '%s refuses what does not come over TLS',
    (type) => {
      const [policy] = resourcesOf(prod, type);
      expect(policy?.Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    },
  );

  test('the topic is encrypted with our key', () => {
    const { Properties } = resourceAt(prod, 'AWS::SNS::Topic', 'Platform/PersonTopic');
    expect(readable(prod, Properties.KmsMasterKeyId)).toBe('<Platform/DataKey>');
  });

  test('alarms of this account may publish to the topic: its policy takes the place of the one SNS gives', () => {
    const allowed = resourcesOf(prod, 'AWS::SNS::TopicPolicy')
      .flatMap(({ Properties }): (Statement & { Resource: unknown })[] => Properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');
    expect(allowed).toHaveLength(1);
    expect(allowed[0]).toMatchObject({
      Action: 'sns:Publish',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
    expect(readable(prod, allowed[0]?.Resource)).toBe('<Platform/PersonTopic>');
  });

  test('the session secret is generated, long, and nowhere in the template', () => {
    const { Properties } = resourceAt(prod, 'AWS::SecretsManager::Secret', 'Approvals/Pages/SessionSecret');
    expect(Properties.GenerateSecretString.PasswordLength).toBe(64);
    expect(Properties.SecretString).toBeUndefined();
  });

  test('logs are kept for a time that somebody chose', () => {
    const groups = resourcesOf(prod, 'AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(14);
    for (const { Properties } of groups) expect(Properties.RetentionInDays).toBe(400);
  });
});
