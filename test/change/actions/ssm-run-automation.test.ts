import { SSMClient } from '@aws-sdk/client-ssm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { reversalOf } from '../../../functions/change/action-definition.ts';
import { AutomationClient } from '../../../functions/change/actions/ssm-run-automation/automation.client.ts';
import {
  clientTokenOf,
  inverseRunOf,
  runOf,
  tagKeyOf,
} from '../../../functions/change/actions/ssm-run-automation/automation-run.ts';
import {
  type AutomationState,
  automationTarget,
  phaseOf,
} from '../../../functions/change/actions/ssm-run-automation/automation-target.ts';
import {
  type RunAutomationParameters,
  runAutomation,
} from '../../../functions/change/actions/ssm-run-automation/definition.ts';
import {
  runbookTargetArn,
  runbookTargetKey,
  runbookTargetTypes,
} from '../../../functions/change/actions/ssm-run-automation/runbook-target.ts';
import { catalogue } from '../../../functions/change/catalogue.ts';
import { type AutomationStandIn, startAutomationStandIn } from './ssm-automation.stand-in.ts';

const irreversible = {
  documentName: 'Checkout-EnableMaintenance',
  documentVersion: '3',
  targetParameterName: 'Service',
  targetType: 'ecs-service',
  targetValue: 'shop/checkout',
} as const satisfies RunAutomationParameters;
const parameters = {
  ...irreversible,
  inverse: { documentName: 'Checkout-DisableMaintenance', documentVersion: '2' },
};
const nothing: AutomationState = { last: 'none', executionId: '', phase: 'none' };

describe('parameters', () => {
  it.each([
    ['with an inverse', parameters, true],
    ['without one', irreversible, true],
    ['an AWS-owned runbook', { ...irreversible, documentName: 'AWS-RestartEC2Instance' }, true],
    [
      'an ARN, which may be another account’s',
      { ...irreversible, documentName: 'arn:aws:ssm:eu-west-1:1:document/x' },
      false,
    ],
    ['two characters', { ...irreversible, documentName: 'ab' }, false],
    ['three characters', { ...irreversible, documentName: 'abc' }, true],
    ['128 characters', { ...irreversible, documentName: 'a'.repeat(128) }, true],
    ['129 characters', { ...irreversible, documentName: 'a'.repeat(129) }, false],
    ['$LATEST', { ...irreversible, documentVersion: '$LATEST' }, false],
    ['$DEFAULT', { ...irreversible, documentVersion: '$DEFAULT' }, false],
    ['version 0', { ...irreversible, documentVersion: '0' }, false],
    ['no version', { ...irreversible, documentVersion: undefined }, false],
    [
      'an inverse at $LATEST',
      { ...parameters, inverse: { ...parameters.inverse, documentVersion: '$LATEST' } },
      false,
    ],
    [
      'itself as the inverse',
      { ...parameters, inverse: { documentName: irreversible.documentName, documentVersion: '2' } },
      false,
    ],
    ['no kind of target', { ...irreversible, targetType: undefined }, false],
    ['a kind of target that no action has', { ...irreversible, targetType: 'iam-role' }, false],
    ['a prototype name for a kind', { ...irreversible, targetType: 'constructor' }, false],
    ['a kind in another case', { ...irreversible, targetType: 'ECS-service' }, false],
    ['a pattern for a target', { ...irreversible, targetValue: 'shop/*' }, false],
    ['the target twice', { ...irreversible, parameters: { Service: 'payments' } }, false],
    [
      'another target for the inverse',
      { ...parameters, inverse: { ...parameters.inverse, parameters: { Service: 'payments' } } },
      false,
    ],
    ['a list', { ...irreversible, parameters: { Hosts: ['a', 'b'] } }, false],
    ['1,024 characters', { ...irreversible, parameters: { Note: 'a'.repeat(1_024) } }, true],
    ['1,025 characters', { ...irreversible, parameters: { Note: 'a'.repeat(1_025) } }, false],
    ['an unknown member', { ...irreversible, mode: 'Interactive' }, false],
  ] as [string, object, boolean][])('%s', (_, given, isTaken) => {
    expect(z.safeParse(runAutomation.parameters, given).success).toBe(isTaken);
  });

  it('never hold a prototype name', () => {
    const given = { ...irreversible, parameters: JSON.parse('{"__proto__":"x"}') as object };
    const parsed = z.safeParse(runAutomation.parameters, given);
    expect(parsed.data?.parameters).toStrictEqual({});
  });

  it('decide on the tier and the way back', () => {
    expect(runAutomation.tier(irreversible)).toBe('high');
    expect(reversalOf(runAutomation, irreversible).kind).toBe('irreversible');
    expect(runAutomation.tier(parameters)).toBe('medium');
    expect(reversalOf(runAutomation, parameters).kind).toBe('restore-snapshot');
  });

  it('cannot leave the quotes of the command that a person may paste', () => {
    const note = `'; rm -rf / #`;
    const [, command] = runAutomation.runbook({ ...irreversible, parameters: { Note: note } });
    expect(command).toContain(String.raw`"Note":["'\''; rm -rf / #"]`);
    expect(command?.replaceAll(String.raw`'\''`, '').match(/'/g)).toHaveLength(2);
  });

  it('lock what is acted on, whichever runbook it is', () => {
    const other = { ...irreversible, documentName: 'Checkout-FlushCache' };
    expect(runAutomation.target(other).key).toBe(runAutomation.target(parameters).key);
    expect(runAutomation.target(other).id).not.toBe(runAutomation.target(parameters).id);
  });

  it.each(runbookTargetTypes)('lock %s as the other actions on the same thing do', (targetType) => {
    const place = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
    const others = catalogue
      .filter(({ id }) => id !== runAutomation.id)
      .flatMap((definition) => definition.examples.map((example) => ({ definition, example })))
      .filter(({ definition, example }) => definition.target(example).key.startsWith(`${targetType}/`));
    expect(others).not.toHaveLength(0);
    for (const { definition, example } of others) {
      const { key } = definition.target(example);
      const target = { targetType, targetValue: key.slice(targetType.length + 1) };
      expect(runbookTargetKey(target)).toBe(key);
      expect(runAutomation.target({ ...irreversible, ...target }).key).toBe(key);
      expect(runbookTargetArn(target, place)).toBe(definition.targetArn(example, place));
    }
  });
});

describe('a run', () => {
  it('gives runbook and inverse the same target', () => {
    expect(runOf({ ...parameters, parameters: { Note: 'a' } }).parameters).toStrictEqual({
      Note: 'a',
      Service: 'shop/checkout',
    });
    expect(inverseRunOf(parameters)?.parameters).toStrictEqual({ Service: 'shop/checkout' });
    expect(inverseRunOf(irreversible)).toBeUndefined();
  });

  it('has one token for one change and another for every other run and snapshot', () => {
    const state = fc.record({
      last: fc.constantFrom('none' as const, 'runbook' as const, 'inverse' as const),
      executionId: fc.string(),
      phase: fc.constantFrom('none' as const, 'succeeded' as const, 'failed' as const),
    });
    const run = fc.record({
      documentName: fc.string(),
      documentVersion: fc.string(),
      parameters: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(run, run, state, state, (a, b, before, later) => {
        expect(clientTokenOf(a, before)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        const isSame = fc.stringify([a, before]) === fc.stringify([b, later]);
        expect(clientTokenOf(a, before) === clientTokenOf(b, later)).toBe(isSame);
      }),
    );
  });

  it('is found by a tag key that SSM takes', () => {
    expect(tagKeyOf(runOf(parameters))).toMatch(/^[a-z0-9-]{1,128}$/);
  });
});

describe('the state of a target', () => {
  const ran = (last: 'runbook' | 'inverse', phase: AutomationState['phase']) => ({
    last,
    executionId: 'e',
    phase,
  });

  it.each([
    [nothing, true, false],
    [ran('runbook', 'running'), false, true],
    [ran('runbook', 'succeeded'), true, true],
    [ran('runbook', 'failed'), true, true],
    [ran('inverse', 'running'), false, true],
    [ran('inverse', 'succeeded'), true, false],
    [ran('inverse', 'failed'), true, false],
  ])('%j: may begin %s, in force %s', (state, isBefore, isAfter) => {
    expect(automationTarget.isBefore(parameters, state)).toBe(isBefore);
    expect(automationTarget.isAfter(parameters, state)).toBe(isAfter);
    expect(automationTarget.isAfter(irreversible, state)).toBe(false);
  });

  it.each([
    [nothing, true],
    [ran('runbook', 'succeeded'), false],
    [ran('inverse', 'running'), false],
    [ran('inverse', 'failed'), false],
    [ran('inverse', 'succeeded'), true],
  ])('is restored at %j: %s', (current, isRestored) => {
    expect(automationTarget.isRestored(nothing, current)).toBe(isRestored);
  });

  it.each([
    [ran('runbook', 'running'), true],
    [ran('runbook', 'failed'), false],
    [ran('inverse', 'running'), false],
    [ran('inverse', 'failed'), false],
    [nothing, false],
  ])('is waited for at %j: %s', (state, isUnderWay) => {
    expect(automationTarget.isUnderWay?.(state)).toBe(isUnderWay);
  });

  it.each([
    ['Success', 'succeeded'],
    ['CompletedWithSuccess', 'succeeded'],
    ['CompletedWithFailure', 'failed'],
    ['InProgress', 'running'],
    ['PendingApproval', 'running'],
    ['Cancelling', 'running'],
    ['Cancelled', 'failed'],
    ['Exited', 'failed'],
    ['TimedOut', 'failed'],
    ['Rejected', 'failed'],
    ['success', 'failed'],
    ['', 'failed'],
    ['constructor', 'failed'],
  ])('counts %s as %s', (status, phase) => {
    expect(phaseOf(status)).toBe(phase);
  });

  it.each([
    [ran('runbook', 'succeeded'), true],
    [ran('runbook', 'running'), false],
    [ran('runbook', 'failed'), false],
    [ran('inverse', 'succeeded'), false],
    [nothing, false],
  ])('passes validation at %j: %s', (state, passes) => {
    const [criterion] = runAutomation.successCriteria(parameters);
    expect(criterion?.kind === 'read-back' && criterion.expected === automationTarget.readBack(state)).toBe(
      passes,
    );
  });
});

describe('the client', () => {
  let ssm: AutomationStandIn;
  let client: AutomationClient;
  beforeEach(async () => {
    ssm = await startAutomationStandIn();
    ssm.runbooks.set('Checkout-EnableMaintenance:3', 'Success');
    ssm.runbooks.set('Checkout-DisableMaintenance:2', 'Success');
    const sdk = new SSMClient({
      endpoint: ssm.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    client = new AutomationClient(sdk, { waitSeconds: 0, pauseSeconds: 0 });
  });
  afterEach(() => ssm.stop());
  const stateNow = async () => {
    const reading = await client.read(parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };

  it('starts the pinned version with the target among its parameters', async () => {
    await client.apply({ ...parameters, parameters: { Note: 'é✓' } }, nothing);
    expect(ssm.automations).toMatchObject([
      {
        documentName: 'Checkout-EnableMaintenance',
        documentVersion: '3',
        parameters: { Service: ['shop/checkout'], Note: ['é✓'] },
      },
    ]);
  });

  it('takes a runbook back by its inverse, once, however often it is asked', async () => {
    expect(await client.apply(parameters, nothing)).toStrictEqual({ outcome: 'written' });
    const done = await stateNow();
    expect(done).toMatchObject({ last: 'runbook', phase: 'succeeded' });
    for (const _ of [1, 2]) {
      expect(await client.restore(parameters, nothing)).toStrictEqual({ outcome: 'written' });
    }
    expect(await stateNow()).toMatchObject({ last: 'inverse', phase: 'succeeded' });
    expect(ssm.automations.map(({ documentName }) => documentName)).toStrictEqual([
      'Checkout-EnableMaintenance',
      'Checkout-DisableMaintenance',
    ]);
  });

  it('starts again for a later change', async () => {
    await client.apply(parameters, nothing);
    await client.restore(parameters, nothing);
    await client.apply(parameters, await stateNow());
    expect(ssm.automations).toHaveLength(3);
  });

  it('asks to be asked again while the inverse is running, then goes by how it ended', async () => {
    ssm.runbooks.set('Checkout-DisableMaintenance:2', 'InProgress');
    await client.apply(parameters, nothing);
    await expect(client.restore(parameters, nothing)).rejects.toMatchObject({ retryable: true });
    await expect(client.restore(parameters, nothing)).rejects.toMatchObject({ retryable: true });
    const [, inverse] = ssm.automations;
    if (inverse === undefined) throw new Error('the inverse was not started');
    inverse.status = 'Failed';
    expect(await client.restore(parameters, nothing)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining(inverse.id),
    });
    expect(ssm.automations).toHaveLength(2);
  });

  it('does not start the inverse beside a runbook that is still running', async () => {
    ssm.runbooks.set('Checkout-EnableMaintenance:3', 'InProgress');
    await client.apply(parameters, nothing);
    await expect(client.restore(parameters, nothing)).rejects.toMatchObject({ retryable: true });
    expect(ssm.automations).toHaveLength(1);
  });

  it('refuses a runbook or an inverse that does not exist in its version', async () => {
    ssm.runbooks.delete('Checkout-DisableMaintenance:2');
    expect(await client.read(parameters)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('Checkout-DisableMaintenance version 2'),
    });
    expect(await client.read(irreversible)).toMatchObject({ outcome: 'found' });
  });

  it('sees no run of another runbook, version, target or parameter', async () => {
    const others = [
      { ...irreversible, documentName: 'Other' },
      { ...irreversible, documentVersion: '4' },
      { ...irreversible, targetValue: 'payments' },
      { ...irreversible, targetParameterName: 'Name' },
      { ...irreversible, parameters: { Note: 'a' } },
    ];
    for (const other of others) ssm.start({ tagKeys: [tagKeyOf(runOf(other))] });
    expect(await stateNow()).toStrictEqual(nothing);
  });
});
