import fc from 'fast-check';
import type { RoutingResult } from '../../functions/routing/routing-result.ts';
import type { TriageContext } from '../../functions/triage/context.ts';
import type { Incident } from '../../functions/triage/incident.ts';

export const incidentId = 'inc-0123456789abcdef0123';
export const boundary = '00112233445566778899aabbccddeeff';

/** `checkout-errors` went off after version 2 of `checkout` became live. */
export const incident: Incident = {
  incidentId,
  signal: {
    eventId: 'evt-1',
    class: 'cloudwatch.alarm',
    severity: 'critical',
    environment: 'local',
    resource: { type: 'cloudwatch-alarm', id: 'checkout-errors' },
    title: 'checkout-errors is in ALARM',
    detail: 'Threshold Crossed: 5 errors',
    alarmName: 'checkout-errors',
  },
};

export const context: TriageContext = {
  alarm: {
    name: 'checkout-errors',
    state: 'ALARM',
    description: 'Errors of the checkout function',
    stateReason: 'Threshold Crossed',
    history: [{ at: '2026-11-22T10:00:00.000Z', summary: 'Alarm updated from OK to ALARM' }],
  },
  workload: 'checkout',
  membership: {
    place: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
    arns: [
      'arn:aws:lambda:us-east-1:111122223333:function:checkout',
      'arn:aws:ssm:us-east-1:111122223333:parameter/checkout/flags/new-pricing',
    ],
  },
  functions: [
    {
      functionName: 'checkout',
      aliases: [{ aliasName: 'live', version: '2' }],
      versions: [
        { version: '2', description: 'new pricing', lastModified: '2026-11-22T09:58:00.000Z' },
        { version: '1', description: 'first', lastModified: '2026-11-01T08:00:00.000Z' },
      ],
    },
  ],
  parameters: [{ name: '/checkout/flags/new-pricing', type: 'String', value: 'on' }],
  probeUrls: ['https://checkout.example/health'],
  gaps: [],
};

export const shiftBack = {
  action: 'lambda.shift-alias',
  parameters: { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' },
  reason: 'Version 2 began failing when it went live.',
};

export const flagOff = {
  action: 'ssm.put-parameter',
  parameters: { name: '/checkout/flags/new-pricing', fromValue: 'on', toValue: 'off' },
  reason: 'The flag guards the failing code.',
};

/** What routing returns for an answer with these proposals. */
export function answered(
  proposals: readonly unknown[],
  changes: Record<string, unknown> = {},
): RoutingResult {
  const used = { runtime: 'self-hosted' as const, modelId: 'tiny', inputTokens: 900, outputTokens: 80 };
  return {
    outcome: 'answered',
    answer: { diagnosis: 'Version 2 is broken.', confidence: 0.9, proposals, ...changes } as never,
    rationale: {
      ...used,
      trigger: 'default',
      lowConfidence: false,
      thresholds: { confidence: 0.5, maxAnswerBytes: 131_072, deadlineMs: 45_000 },
      latencyMs: 40,
      attempts: [{ ...used, outcome: 'answered', detail: 'valid', latencyMs: 40 }],
    },
  };
}

export const allFailed: RoutingResult = {
  outcome: 'all-failed',
  attempts: [
    {
      runtime: 'self-hosted',
      modelId: 'tiny',
      outcome: 'deadline',
      detail: 'no complete answer within 45000 ms',
      inputTokens: 0,
      outputTokens: 0,
      latencyMs: 45_000,
    },
    {
      runtime: 'bedrock',
      modelId: 'anthropic.test',
      outcome: 'unavailable',
      detail: 'Converse failed: AccessDeniedException',
      inputTokens: 0,
      outputTokens: 0,
      latencyMs: 20,
    },
  ],
};

/** Any UTF-16 there can be: control characters, lone surrogates, invisible ones. */
export const anyText = (maxLength: number) =>
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength });
