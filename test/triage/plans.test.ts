import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveAction } from '../../functions/change/catalogue.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import { emptyContext, parseProbeUrl } from '../../functions/triage/context.ts';
import { buildPlans } from '../../functions/triage/plans.ts';
import { buildPrompt } from '../../functions/triage/prompt.ts';
import { parseTriageAnswer } from '../../functions/triage/triage-answer.ts';
import { conclude, outcomeOf } from '../../functions/triage/triage-record.ts';
import {
  allFailed,
  answered,
  anyText,
  boundary,
  context,
  flagOff,
  incident,
  incidentId,
  shiftBack,
} from './incidents.ts';

const prompt = buildPrompt(incident, context, boundary);
const plansFor = (...proposals: unknown[]) =>
  buildPlans({ diagnosis: 'd', confidence: 0.9, proposals: proposals as never }, incident, context);
const onlyPlan = (...proposals: unknown[]) => {
  const [first, ...others] = plansFor(...proposals).plans;
  if (first === undefined || others.length > 0) throw new Error('expected one plan');
  return first;
};

describe('plans', () => {
  it('is complete before anybody decides on it', () => {
    expect(onlyPlan(shiftBack).plan).toStrictEqual({
      schemaVersion: 1,
      incidentId,
      environment: 'local',
      agentRole: 'responder',
      action: 'lambda.shift-alias',
      parameters: shiftBack.parameters,
      target: { type: 'lambda-alias', id: 'checkout:live', key: 'lambda-alias/checkout:live' },
      effect: { before: 'version 2', after: 'version 1' },
      rollbackPlan: {
        kind: 'restore-snapshot',
        steps: [
          'point checkout:live back at version 2, as read in the snapshot',
          'read the alias back and compare it with the snapshot',
        ],
      },
      successCriteria: [
        { kind: 'alarm-ok', alarmName: 'checkout-errors' },
        { kind: 'http-probe', url: 'https://checkout.example/health', expectStatus: 200 },
        { kind: 'read-back', expected: '1' },
      ],
      evidence: [
        { kind: 'event', id: 'evt-1' },
        { kind: 'alarm', id: 'checkout-errors' },
      ],
      citations: [],
    });
  });

  it('keeps the order of the proposals and their reasons beside them', () => {
    const { plans } = plansFor(flagOff, shiftBack);
    expect(plans.map(({ plan }) => plan.action)).toStrictEqual([flagOff.action, shiftBack.action]);
    expect(plans.map(({ reason }) => reason)).toStrictEqual([flagOff.reason, shiftBack.reason]);
  });

  it('merges proposals that do the same', () => {
    const { plans } = plansFor(shiftBack, { ...shiftBack, reason: 'other words' }, flagOff);
    expect(plans).toHaveLength(2);
    expect(plans[0]?.reason).toBe(shiftBack.reason);
  });

  it.each([
    ['iam.attach-policy', 'unknown-action'],
    ['__proto__', 'unknown-action'],
    ['constructor', 'unknown-action'],
    ['toString', 'unknown-action'],
    ['Lambda.Shift-Alias', 'unknown-action'],
    ['lambda.shift-alias ', 'unknown-action'],
    ['lambda.shift-alias\u0000', 'unknown-action'],
    ['lambda.shift\u200B-alias', 'unknown-action'],
    ['lambda.shift-аlias', 'unknown-action'],
    ['', 'unknown-action'],
    ['\ud800', 'unknown-action'],
  ])('records action %j without a target', (action, resolution) => {
    const { plan, ...rest } = onlyPlan({ ...shiftBack, action });
    expect(rest.resolution).toBe(resolution);
    expect(plan).not.toHaveProperty('target');
    expect(plan).not.toHaveProperty('effect');
    expect(resolveAction(plan.action, plan.parameters).outcome).toBe(resolution);
  });

  it.each([
    ['an extra parameter', { ...shiftBack.parameters, force: true }],
    ['a missing parameter', { functionName: 'checkout' }],
    ['a version that is a number', { ...shiftBack.parameters, toVersion: 1 }],
    ['$LATEST', { ...shiftBack.parameters, toVersion: '$LATEST' }],
    ['an ARN for a name', { ...shiftBack.parameters, functionName: 'arn:aws:lambda:us-east-1:1:function:x' }],
    ['no parameters', {}],
    [
      'a __proto__ member',
      JSON.parse(`{"__proto__":{"a":1},${JSON.stringify(shiftBack.parameters).slice(1)}`),
    ],
    ['a constructor member', { ...shiftBack.parameters, constructor: { name: 'Set' } }],
    ['8 kB and more', { ...shiftBack.parameters, note: 'x'.repeat(8_192) }],
    ['nine levels', { a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } }],
    ['a number that a double cannot hold', { n: 2 ** 60 }],
    ['a number that DynamoDB cannot hold', { n: 1e-200 }],
    ['text that is not well-formed', { n: '\ud800' }],
    ['a member without a name', { '': 1 }],
  ])('records parameters with %s without a target', (_what, parameters) => {
    const { plan, resolution } = onlyPlan({ ...shiftBack, parameters });
    expect(resolution).toBe('invalid-parameters');
    expect(plan).not.toHaveProperty('target');
    expect(resolveAction(plan.action, plan.parameters).outcome).toBe('invalid-parameters');
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'leaves parameters with a member %s out at any depth',
    (name) => {
      const parameters = JSON.parse(`{"a":[{"${name}":{"name":"Set"}}]}`) as unknown;
      const { plans, gaps } = plansFor({ ...shiftBack, parameters });
      expect(plans[0]?.plan.parameters).toStrictEqual({});
      expect(gaps).toHaveLength(1);
    },
  );

  it.each([
    [8_191, 0],
    [8_192, 0],
    [8_193, 1],
  ])('takes over %d bytes of parameters with %d gaps', (bytes, gaps) => {
    const parameters = { n: 'x'.repeat(bytes - canonicalJson({ n: '' }).length) };
    const proposed = plansFor({ ...shiftBack, parameters });
    expect(proposed.gaps).toHaveLength(gaps);
    expect(proposed.plans[0]?.plan.parameters).toStrictEqual(gaps === 0 ? parameters : {});
  });

  it.each([
    ['another function', { ...shiftBack, parameters: { ...shiftBack.parameters, functionName: 'payroll' } }],
    ['another alias', { ...shiftBack, parameters: { ...shiftBack.parameters, aliasName: 'canary' } }],
    ['another parameter', { ...flagOff, parameters: { ...flagOff.parameters, name: '/payroll/flags/x' } }],
  ])('gives %s no target: it is not part of the workload', (_what, proposal) => {
    const { plans, gaps } = plansFor(proposal);
    expect(plans[0]?.resolution).toBe('outside-workload');
    expect(plans[0]?.plan).not.toHaveProperty('target');
    expect(gaps).toHaveLength(1);
  });

  it('reaches nothing when nothing could be read', () => {
    const answer = { diagnosis: '', confidence: 1, proposals: [shiftBack, flagOff] };
    const { plans } = buildPlans(answer, incident, emptyContext(['all']));
    expect(plans.map(({ resolution }) => resolution)).toStrictEqual(['outside-workload', 'outside-workload']);
    for (const { plan } of plans) expect(plan).not.toHaveProperty('target');
  });

  it('never throws on any JSON, and what it makes has a digest and bounded members', () => {
    const proposal = fc.record({
      action: anyText(130),
      parameters: fc.jsonValue({ maxDepth: 4 }),
      reason: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(proposal, { maxLength: 3 }), (proposals) => {
        const { plans } = plansFor(...proposals);
        for (const { plan, planDigest } of plans) {
          expect(plan.action.length).toBeLessThanOrEqual(100);
          expect(planDigest).toBe(planDigestOf(JSON.parse(JSON.stringify(plan)) as never));
          expect(canonicalJson(plan.parameters).length).toBeLessThanOrEqual(8_192);
          expect('target' in plan).toBe(false);
        }
      }),
    );
  });

  it('never throws on any answer of a model', () => {
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.record({
        diagnosis: fc.string(),
        confidence: fc.jsonValue({ maxDepth: 4 }),
        proposals: fc.jsonValue(),
      }),
      fc.record({
        diagnosis: fc.string(),
        confidence: fc.double({ min: 0, max: 1, noNaN: true }),
        proposals: fc.array(
          fc.record({
            action: fc.string(),
            parameters: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
            reason: fc.string(),
          }),
        ),
      }),
    );
    fc.assert(
      fc.property(anything, (answer) => {
        const result = answered([]);
        if (result.outcome !== 'answered') throw new Error('unreachable');
        const { record, plans } = conclude(incident, context, prompt, { ...result, answer: answer as never });
        expect(record.planDigests).toStrictEqual(plans.map(({ planDigest }) => planDigest));
        expect(outcomeOf(record).outcome).toBe(plans.length === 0 ? 'no-plan' : 'planned');
      }),
    );
  });

  it('gives the same digest whatever the order of members', () => {
    const shuffled = fc.shuffledSubarray(Object.entries(shiftBack.parameters), { minLength: 4 });
    fc.assert(
      fc.property(shuffled, (entries) => {
        const { planDigest } = onlyPlan({ ...shiftBack, parameters: Object.fromEntries(entries) });
        expect(planDigest).toBe(onlyPlan(shiftBack).planDigest);
      }),
    );
  });

  it('gives the same digest whatever the model says about it', () => {
    const { planDigest } = onlyPlan(shiftBack);
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (reason, diagnosis, confidence) => {
          const answer = { diagnosis, confidence, proposals: [{ ...shiftBack, reason }] };
          const [first] = buildPlans(answer, incident, context).plans;
          expect(first?.planDigest).toBe(planDigest);
          if (reason.length > 12) expect(JSON.stringify(first?.plan)).not.toContain(JSON.stringify(reason));
        },
      ),
    );
  });
});

describe('triage answer', () => {
  const good = { diagnosis: 'd', confidence: 0.5, proposals: [shiftBack] };

  it.each([
    ['a diagnosis of 2,000 characters', { ...good, diagnosis: 'x'.repeat(2_000) }, true],
    ['a diagnosis of 2,001 characters', { ...good, diagnosis: 'x'.repeat(2_001) }, false],
    ['three proposals', { ...good, proposals: [shiftBack, flagOff, shiftBack] }, true],
    ['four proposals', { ...good, proposals: [shiftBack, flagOff, shiftBack, flagOff] }, false],
    [
      'an action of 100 characters',
      { ...good, proposals: [{ ...shiftBack, action: 'x'.repeat(100) }] },
      true,
    ],
    [
      'an action of 101 characters',
      { ...good, proposals: [{ ...shiftBack, action: 'x'.repeat(101) }] },
      false,
    ],
    [
      'a reason of 501 characters',
      { ...good, proposals: [{ ...shiftBack, reason: 'x'.repeat(501) }] },
      false,
    ],
    ['parameters that are a list', { ...good, proposals: [{ ...shiftBack, parameters: [] }] }, false],
    ['a confidence of 1', { ...good, confidence: 1 }, true],
    ['a confidence above 1', { ...good, confidence: 1.000_1 }, false],
    ['an extra member', { ...good, autonomy: 'auto' }, false],
    ['an extra member of a proposal', { ...good, proposals: [{ ...shiftBack, tier: 'low' }] }, false],
    ['nothing', undefined, false],
  ])('with %s', (_what, answer, isAccepted) => {
    expect(parseTriageAnswer(answer) !== undefined).toBe(isAccepted);
  });
});

describe('rules when no model answered', () => {
  it.each([
    ['every model failed', allFailed],
    ['routing refused', { outcome: 'refused', reason: 'no routing policy for use case triage' } as const],
    ['the answer is out of contract', answered([{ action: 7 }])],
  ])('sends the incident to a person when %s', (_what, result) => {
    const { record, plans } = conclude(incident, context, prompt, result);
    expect(plans).toStrictEqual([]);
    expect(record).toMatchObject({ model: { runtime: 'rules' }, confidence: 0, planDigests: [] });
    expect(record.diagnosis).toContain('critical cloudwatch.alarm');
    expect(outcomeOf(record)).toMatchObject({
      outcome: 'no-plan',
      reason: expect.stringContaining('person') as unknown,
    });
  });

  it('says which model failed how', () => {
    const { record } = conclude(incident, context, prompt, allFailed);
    expect(record.noPlanReason).toContain('self-hosted deadline, bedrock unavailable');
  });

  it('has no plan when the model proposes none', () => {
    const { record } = conclude(incident, context, prompt, answered([]));
    expect(outcomeOf(record)).toStrictEqual({ outcome: 'no-plan', reason: 'the model proposed no change' });
    expect(record.model.runtime).toBe('self-hosted');
  });
});

describe('probe URL', () => {
  it.each([
    ['https://checkout.example/health', 'https://checkout.example/health'],
    ['http://127.0.0.1:4566/x', 'http://127.0.0.1:4566/x'],
    [undefined, undefined],
    ['', undefined],
    ['checkout', undefined],
    ['file:///etc/passwd', undefined],
    ['javascript:alert(1)', undefined],
    ['https://user:secret@checkout.example/', undefined],
    [`https://checkout.example/${'x'.repeat(300)}`, undefined],
  ])('reads %j as %j', (tag, expected) => {
    expect(parseProbeUrl(tag)).toBe(expected);
  });
});
