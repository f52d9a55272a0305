import { Duration, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Platform } from '../platform/platform.ts';

export interface SnapshotBucketProps {
  readonly platform: Platform;
}

/** Holds what each change replaced, so that it can be put back and shown. */
export function snapshotBucket(scope: Construct, id: string, { platform }: SnapshotBucketProps): Bucket {
  const bucket = new Bucket(scope, id, {
    versioned: true,
    encryption: BucketEncryption.KMS,
    encryptionKey: platform.dataKey,
    bucketKeyEnabled: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    removalPolicy: platform.removalPolicy,
    lifecycleRules: [
      {
        id: 'KeepAsEvidence',
        expiration: platform.settings.snapshotRetention,
        noncurrentVersionExpiration: Duration.days(30),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only the action roles reach it, each under its own prefix, and every snapshot is a ledger entry with the digest of its content: an access log would add who read, which no one but those roles can.',
  });
  return bucket;
}
