import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '../../platform/clock.ts';

/** How far Slack's clock and ours may be apart, in seconds, either way: what Slack itself recommends. */
export const slackSkewSeconds = 300;

/**
 * Whether Slack signed exactly these bytes, lately. The signature is judged first, in constant time, so that
 * nobody without the secret learns anything, not even whether a timestamp is stale.
 *
 * @param timestamp `X-Slack-Request-Timestamp`: seconds since 1970, as text.
 * @param signature `X-Slack-Signature`: `v0=` and 64 hexadecimal digits.
 */
export function judgeSlackSignature(
  signingSecret: string,
  rawBody: string,
  timestamp: string,
  signature: string,
  now: EpochMs,
): 'genuine' | 'forged' | 'stale' {
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) return 'forged';
  const expected = Buffer.from(slackSignature(signingSecret, rawBody, timestamp));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
  return Math.abs(now - Number(timestamp) * 1_000) <= slackSkewSeconds * 1_000 ? 'genuine' : 'stale';
}

/** Slack's signature, version 0: HMAC-SHA256 over version, timestamp and the body as it was sent. */
function slackSignature(signingSecret: string, rawBody: string, timestamp: string): string {
  const mac = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${rawBody}`);
  return `v0=${mac.digest('hex')}`;
}
