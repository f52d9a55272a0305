import {
  DescribeAutomationExecutionsCommand,
  SSMClient,
  StartAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ActionSurroundings } from '../../../functions/change/actions/action-surroundings.ts';
import {
  type ActionTask,
  intentOf,
  snapshotDigestOf,
  snapshotKey,
  writeSnapshot,
} from '../../../functions/change/actions/action-task.ts';
import { rollBack } from '../../../functions/change/actions/roll-back.ts';
import { AutomationClient } from '../../../functions/change/actions/ssm-run-automation/automation.client.ts';
import {
  inverseRunOf,
  runOf,
  tagKeyOf,
} from '../../../functions/change/actions/ssm-run-automation/automation-run.ts';
import {
  type AutomationState,
  automationTarget,
} from '../../../functions/change/actions/ssm-run-automation/automation-target.ts';

const parameters = {
  documentName: 'Drain',
  documentVersion: '3',
  targetParameterName: 'InstanceId',
  targetType: 'ec2-instance',
  targetValue: 'i-0abc',
  inverse: { documentName: 'Undrain', documentVersion: '2' },
} as const;
const nothing: AutomationState = { last: 'none', executionId: '', phase: 'none' };
const action = 'ssm.run-automation';
const targetKey = automationTarget.definition.target(parameters).key;
const task = {
  operation: 'roll-back',
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: 'a'.repeat(64),
  fencingToken: 4,
} as const satisfies ActionTask;
const { changeId, incidentId, planDigest, fencingToken } = task;
const text = writeSnapshot({ schemaVersion: 1, changeId, planDigest, action, parameters, state: nothing });
const snapshotDigest = snapshotDigestOf(text);

interface Automation {
  readonly AutomationExecutionId: string;
  readonly ExecutionStartTime: Date;
  readonly tagKey: string | undefined;
  AutomationExecutionStatus: string;
}

/** SSM as far as it is asked here, in this process; the inverse that it starts is under way. */
class FakeSsm extends SSMClient {
  readonly automations: Automation[] = [];
  readonly #tokens = new Set<string | undefined>();

  constructor() {
    super({ region: 'eu-west-1' });
  }

  run(tagKey: string | undefined, AutomationExecutionStatus: string): void {
    const count = this.automations.length;
    this.automations.push({
      AutomationExecutionId: `automation-${count}`,
      ExecutionStartTime: new Date(1_772_445_600_000 + count),
      tagKey,
      AutomationExecutionStatus,
    });
  }

  override send = async (command: object): Promise<never> => {
    let answer: object = { Document: { DocumentType: 'Automation', Status: 'Active' } };
    if (command instanceof DescribeAutomationExecutionsCommand) {
      const tagKeys = command.input.Filters?.[0]?.Values;
      const found = this.automations.filter(({ tagKey }) => tagKeys?.includes(String(tagKey)));
      answer = { AutomationExecutionMetadataList: found };
    } else if (command instanceof StartAutomationExecutionCommand) {
      const { ClientToken, Tags, DocumentName } = command.input;
      if (!this.#tokens.has(ClientToken)) {
        this.run(Tags?.[0]?.Key, DocumentName === 'Drain' ? 'Success' : 'InProgress');
      }
      this.#tokens.add(ClientToken);
    }
    return answer as never;
  };
}

describe('a runbook that is taken back', () => {
  let ssm: FakeSsm;
  let target: AutomationClient;
  let objects: Map<string, string>;

  beforeEach(async () => {
    ssm = new FakeSsm();
    target = new AutomationClient(ssm, { waitSeconds: 0, pauseSeconds: 0 });
    const intent = intentOf(action, changeId, snapshotDigest);
    objects = new Map([
      [snapshotKey(action, changeId), text],
      [intent.key, intent.text],
    ]);
    await target.apply(parameters, nothing);
  });

  function takeBack(undo: { undoExecution?: string }) {
    const facts = {
      change: {
        changeId,
        incidentId,
        planDigest,
        fencingToken,
        action,
        targetKey,
        snapshotDigest,
        status: 'rolling-back' as const,
        updatedAtEpochMs: 0,
        ...undo,
      },
      lock: {
        targetKey,
        changeId,
        incidentId,
        fencingToken,
        phase: 'rolling-back' as const,
        leaseExpiresAtEpochMs: 0,
      },
      storedPlan: undefined,
    };
    const around = {
      clock: () => 0,
      runtime: { facts: async () => facts },
      snapshots: {
        find: async (key: string) => objects.get(key),
        keepFirst: async (key: string, given: string) => {
          if (!objects.has(key)) objects.set(key, given);
          return objects.get(key) ?? given;
        },
      },
    } as unknown as ActionSurroundings;
    return rollBack(task, { rules: automationTarget, target, around });
  }

  it.each([
    ['by its rollback', {}],
    ['by a person who undoes it', { undoExecution: 'chg-a-undo-1' }],
  ])('%s is a failure, and blamed on nobody, once our own inverse has failed', async (_name, undo) => {
    await expect(takeBack(undo)).rejects.toMatchObject({ code: 'change.runbook-running' });
    const [, inverse] = ssm.automations;
    if (inverse === undefined) throw new Error('the inverse was not started');
    inverse.AutomationExecutionStatus = 'Failed';
    for (const _ of ['the next try', 'its recovery']) {
      expect(await takeBack(undo)).toStrictEqual({
        outcome: 'failed',
        reason: expect.not.stringContaining('somebody else has changed'),
      });
    }
    expect(ssm.automations).toHaveLength(2);
  });

  it('by a person is given up where the inverse that failed was started by somebody else', async () => {
    ssm.run(tagKeyOf(inverseRunOf(parameters) ?? runOf(parameters)), 'Failed');
    expect(await takeBack({ undoExecution: 'chg-a-undo-1' })).toMatchObject({ outcome: 'undo-refused' });
    expect(ssm.automations).toHaveLength(2);
  });
});
