import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AutomationExecutionMetadata,
  DescribeDocumentCommand,
  InvalidDocument,
  InvalidDocumentVersion,
  paginateDescribeAutomationExecutions,
  SSMClient,
  SSMServiceException,
  StartAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { DependencyUnavailableError } from '../../../platform/errors.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import { type AutomationRun, clientTokenOf, inverseRunOf, runOf, tagKeyOf } from './automation-run.ts';
import { type AutomationState, phaseOf } from './automation-target.ts';
import type { RunAutomationParameters } from './definition.ts';

/** How long one call waits for a runbook to end, and how often it looks. */
export interface AutomationPatience {
  /** Shorter than a function may run. */
  readonly waitSeconds: number;
  readonly pauseSeconds: number;
}

/** Reads, starts and takes back runs of one SSM Automation runbook on one target. */
export class AutomationClient implements TargetClient<RunAutomationParameters, AutomationState> {
  readonly #client: SSMClient;
  readonly #patience: AutomationPatience;

  constructor(
    client: SSMClient = new SSMClient({}),
    patience: AutomationPatience = { waitSeconds: 40, pauseSeconds: 2 },
  ) {
    this.#client = client;
    this.#patience = patience;
  }

  async read(parameters: RunAutomationParameters): Promise<TargetReading<AutomationState>> {
    for (const run of [runOf(parameters), inverseRunOf(parameters)]) {
      const reason = run === undefined ? undefined : await this.#whyNotRunnable(run);
      if (reason !== undefined) return { outcome: 'refused', reason };
    }
    return { outcome: 'found', state: await this.#stateOf(parameters) };
  }

  /** Starts the runbook and waits a while for its end; how it ended is for validation to see. */
  async apply(parameters: RunAutomationParameters, snapshot: AutomationState): Promise<TargetWrite> {
    const write = await this.#start(runOf(parameters), snapshot);
    // It has been started: that the wait could not look says nothing against that.
    if (write.outcome === 'written') await this.#settled(parameters).catch(() => undefined);
    return write;
  }

  /**
   * @throws DependencyUnavailableError while the inverse is still running: asked again, it goes on waiting.
   */
  async restore(parameters: RunAutomationParameters, snapshot: AutomationState): Promise<TargetWrite> {
    const inverse = inverseRunOf(parameters);
    if (inverse === undefined) return { outcome: 'failed', reason: 'no inverse runbook is named' };
    const standing = await this.#settled(parameters);
    if (standing.phase === 'running') throw stillRunning(standing);
    const write = await this.#start(inverse, snapshot);
    if (write.outcome !== 'written') return write;
    const { last, phase, executionId } = await this.#settled(parameters);
    if (phase === 'running' || last !== 'inverse') throw stillRunning({ executionId });
    return phase === 'succeeded'
      ? write
      : { outcome: 'failed', reason: `the inverse runbook failed: automation ${executionId}` };
  }

  /** An inverse that does not exist would be found out only when it is needed. */
  async #whyNotRunnable({ documentName, documentVersion }: AutomationRun): Promise<string | undefined> {
    const named = `runbook ${documentName} version ${documentVersion}`;
    try {
      const { Document: found } = await this.#client.send(
        new DescribeDocumentCommand({ Name: documentName, DocumentVersion: documentVersion }),
      );
      if (found?.DocumentType !== 'Automation') return `${named} is not an Automation runbook`;
      return found.Status === 'Active' ? undefined : `${named} is not active`;
    } catch (error) {
      if (error instanceof InvalidDocument || error instanceof InvalidDocumentVersion) {
        return `${named} does not exist`;
      }
      throw unavailableIfTransient(error, 'SSM Automation');
    }
  }

  async #start(run: AutomationRun, snapshot: AutomationState): Promise<TargetWrite> {
    try {
      await this.#client.send(
        new StartAutomationExecutionCommand({
          DocumentName: run.documentName,
          DocumentVersion: run.documentVersion,
          Parameters: Object.fromEntries(
            Object.entries(run.parameters).map(([name, value]) => [name, [value]]),
          ),
          ClientToken: clientTokenOf(run, snapshot),
          Tags: [{ Key: tagKeyOf(run), Value: 'interlock' }],
        }),
      );
      return { outcome: 'written' };
    } catch (error) {
      const thrown = unavailableIfTransient(error, 'SSM Automation');
      // SSM refused the request, so nothing was started; anything else may have been and is thrown.
      if (thrown instanceof SSMServiceException && thrown.$fault === 'client') {
        return { outcome: 'failed', reason: `SSM refused to start the runbook: ${thrown.name}` };
      }
      throw thrown;
    }
  }

  async #settled(parameters: RunAutomationParameters): Promise<AutomationState> {
    const { waitSeconds, pauseSeconds } = this.#patience;
    for (let waited = 0; ; waited += pauseSeconds) {
      const state = await this.#stateOf(parameters);
      if (state.phase !== 'running' || waited >= waitSeconds) return state;
      await sleep(pauseSeconds * 1_000);
    }
  }

  async #stateOf(parameters: RunAutomationParameters): Promise<AutomationState> {
    const inverse = inverseRunOf(parameters);
    const [runbook, back] = await Promise.all([
      this.#latest(runOf(parameters)),
      inverse === undefined ? undefined : this.#latest(inverse),
    ]);
    if (back !== undefined && startedAt(back) >= startedAt(runbook)) return stateOf('inverse', back);
    return runbook === undefined
      ? { last: 'none', executionId: '', phase: 'none' }
      : stateOf('runbook', runbook);
  }

  async #latest(run: AutomationRun): Promise<AutomationExecutionMetadata | undefined> {
    try {
      const pages = paginateDescribeAutomationExecutions(
        { client: this.#client },
        { Filters: [{ Key: 'TagKey', Values: [tagKeyOf(run)] }] },
      );
      let latest: AutomationExecutionMetadata | undefined;
      for await (const { AutomationExecutionMetadataList: page = [] } of pages) {
        for (const found of page) {
          if (latest === undefined || startedAt(found) > startedAt(latest)) latest = found;
        }
      }
      return latest;
    } catch (error) {
      throw unavailableIfTransient(error, 'SSM Automation');
    }
  }
}

function startedAt(execution: AutomationExecutionMetadata | undefined): number {
  return execution?.ExecutionStartTime?.getTime() ?? Number.NEGATIVE_INFINITY;
}

function stateOf(last: 'runbook' | 'inverse', found: AutomationExecutionMetadata): AutomationState {
  const { AutomationExecutionId = 'unknown', AutomationExecutionStatus: status } = found;
  return { last, executionId: AutomationExecutionId, phase: phaseOf(status ?? '') };
}

function stillRunning({ executionId }: Pick<AutomationState, 'executionId'>): DependencyUnavailableError {
  return new DependencyUnavailableError(
    'change.runbook-running',
    `automation ${executionId} has not ended yet; ask again`,
  );
}
