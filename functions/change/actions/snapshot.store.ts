import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { InterlockError } from '../../platform/errors.ts';

/** Snapshots of targets, one object per change. The first one written for a change stays. */
export class SnapshotStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(bucket: string, client: S3Client = new S3Client({})) {
    this.#bucket = bucket;
    this.#client = client;
  }

  /** Stores the text unless an object stands there already; answers the text that stands there. */
  async keepFirst(key: string, text: string): Promise<string> {
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: text,
          ContentType: 'application/json',
          IfNoneMatch: '*',
        }),
      );
      return text;
    } catch (error) {
      if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode !== 412) throw error;
    }
    const earlier = await this.find(key);
    if (earlier !== undefined) return earlier;
    throw new InterlockError('snapshot.unreadable', `snapshot ${key} exists but cannot be read; retry`, {
      retryable: true,
    });
  }

  async find(key: string): Promise<string | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return await Body?.transformToString('utf-8');
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      // Without s3:ListBucket, which an action's role does not have, a missing object answers 403.
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 403) return undefined;
      throw error;
    }
  }
}
