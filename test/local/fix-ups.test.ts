import { expect, it } from 'vitest';
import { fixUpsOf } from '../../local/fix-ups.ts';

it('finds in a template what the emulator drops and its API accepts', () => {
  const found = fixUpsOf({
    Role: { Type: 'AWS::IAM::Role', Properties: { PermissionsBoundary: { Ref: 'Boundary' } } },
    Plain: { Type: 'AWS::IAM::Role', Properties: {} },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    },
    Off: {
      Type: 'AWS::DynamoDB::Table',
      Properties: { TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: false } },
    },
    Bare: { Type: 'AWS::S3::Bucket' },
  });
  expect(found).toEqual([
    { kind: 'permissions-boundary', role: 'Role', policy: 'Boundary' },
    { kind: 'time-to-live', table: 'Table', attribute: 'ttl' },
    { kind: 'point-in-time-recovery', table: 'Table' },
  ]);
});
