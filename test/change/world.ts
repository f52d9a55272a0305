import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { type Approval, newApproval } from '../../functions/approvals/approval.ts';
import { toApprovalItem } from '../../functions/approvals/approval-item.ts';
import { settleApproval } from '../../functions/approvals/settle-approval.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { type LedgerEntry, verifyChain } from '../../functions/audit/ledger-entry.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { ActionRunner } from '../../functions/change/actions/action-runner.ts';
import { ActionRuntimeStore } from '../../functions/change/actions/action-runtime.store.ts';
import type { ActionSurroundings, Ownership } from '../../functions/change/actions/action-surroundings.ts';
import { actionTaskInput } from '../../functions/change/actions/action-task.ts';
import {
  type AliasState,
  aliasAfter,
  aliasTarget,
} from '../../functions/change/actions/lambda-shift-alias/alias-target.ts';
import {
  type ShiftAliasParameters,
  shiftAlias,
} from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import type {
  StepInHand,
  TargetClient,
  TargetReading,
  TargetWrite,
} from '../../functions/change/actions/target.ts';
import { AuthoriseStore } from '../../functions/change/authorise.store.ts';
import { ChangeStore } from '../../functions/change/change.store.ts';
import { controlChange } from '../../functions/change/change-control.ts';
import type { SkipLock } from '../../functions/change/change-protocol.ts';
import { changeRequest } from '../../functions/change/change-request.ts';
import { isTerminal } from '../../functions/change/change-status.ts';
import { EndingStore } from '../../functions/change/ending.store.ts';
import { OpeningStore } from '../../functions/change/opening.store.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import type { ExecutionState } from '../../functions/change/recovery.ts';
import { type Recovered, recoverAll, recoverEnded } from '../../functions/change/recovery-sweep.ts';
import { UndoStore } from '../../functions/change/undo.store.ts';
import type { CriterionFinding } from '../../functions/change/validation.ts';
import { VerdictStore } from '../../functions/change/verdict.store.ts';
import { Database, type Item, type TransactResult, type Write } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import type { TestTables } from '../platform/tables.ts';
import { changeMachine, type Ending, ExecutionDied, interpret, named } from './asl-interpreter.ts';

/** 2026-03-02T10:00:00Z: where every test's clock starts. */
export const start = 1_772_445_600_000;
export const policyDigest = 'a'.repeat(64);
/** High enough that no test meets them by accident. */
export const dailyLimits = {
  maximumChangesPerDay: 10_000,
  maximumChangesPerDayOfAction: 10_000,
  maximumChangesPerDayOnTarget: 10_000,
};

export const snapshotRetentionSeconds = 7 * 86_400;

/** Counts every write in the order it is made and can make the process die around one of them. */
export class WriteCounter {
  made = 0;
  readonly names: string[] = [];
  #dieAt = 0;
  #when: 'before' | 'after' = 'before';
  #how: () => Error = () => named('Runtime.ExitError', 'the process died');

  dieAround(write: number, when: 'before' | 'after', how: () => Error): void {
    this.made = 0;
    this.names.length = 0;
    this.#dieAt = write;
    this.#when = when;
    this.#how = how;
  }

  async around<T>(name: string, write: () => Promise<T>): Promise<T> {
    this.made += 1;
    this.names.push(name);
    const dies = this.made === this.#dieAt;
    if (dies && this.#when === 'before') throw this.#how();
    const result = await write();
    if (dies) throw this.#how();
    return result;
  }
}

class CountedDatabase extends Database {
  readonly #counter: WriteCounter;
  /** Runs before the next transaction: where a test lets somebody else get in first. */
  beforeTransact: (() => Promise<void>) | undefined;

  constructor(counter: WriteCounter, client?: DynamoDBClient) {
    super(client);
    this.#counter = counter;
  }

  override async transact(writes: readonly Write[]): Promise<TransactResult> {
    const intrude = this.beforeTransact;
    this.beforeTransact = undefined;
    await intrude?.();
    return this.#counter.around('transaction', () => super.transact(writes));
  }
}

/** One alias in memory, with revisions as Lambda gives them. */
export class FakeAlias implements TargetClient<ShiftAliasParameters, AliasState> {
  state: AliasState = { functionVersion: '2', additionalWeights: {}, revisionId: 'r1' };
  effects = 0;
  /** What the next calls throw instead of working. */
  readonly trouble: { read?: Error; apply?: Error; restore?: Error } = {};
  beforeApply: (() => Promise<void>) | undefined;
  readonly #counter: WriteCounter;

  constructor(counter: WriteCounter) {
    this.#counter = counter;
  }

  async read(): Promise<TargetReading<AliasState>> {
    if (this.trouble.read !== undefined) throw this.trouble.read;
    return { outcome: 'found', state: this.state };
  }

  async apply(
    parameters: ShiftAliasParameters,
    snapshot: AliasState,
    step?: StepInHand<AliasState>,
  ): Promise<TargetWrite> {
    await this.beforeApply?.();
    if (this.trouble.apply !== undefined) throw this.trouble.apply;
    const { functionVersion, additionalWeights } = aliasAfter(parameters, step?.index);
    const { revisionId } = step?.current ?? snapshot;
    return this.#write('apply', revisionId, functionVersion, additionalWeights);
  }

  async restore(_: ShiftAliasParameters, snapshot: AliasState, current: AliasState): Promise<TargetWrite> {
    if (this.trouble.restore !== undefined) throw this.trouble.restore;
    return this.#write('restore', current.revisionId, snapshot.functionVersion, snapshot.additionalWeights);
  }

  /** What another person or pipeline does to the alias. */
  foreign(functionVersion: string, additionalWeights: AliasState['additionalWeights'] = {}): void {
    this.state = { functionVersion, additionalWeights, revisionId: randomUUID() };
  }

  #write(
    name: string,
    revisionId: string,
    functionVersion: string,
    additionalWeights: AliasState['additionalWeights'],
  ): Promise<TargetWrite> {
    return this.#counter.around<TargetWrite>(name, async () => {
      if (revisionId !== this.state.revisionId) return { outcome: 'target-changed' };
      this.state = { functionVersion, additionalWeights, revisionId: randomUUID() };
      this.effects += 1;
      return { outcome: 'written' };
    });
  }
}

/** One plan ready to be carried out, and everything that carries it out, in virtual time. */
export class World {
  readonly counter = new WriteCounter();
  readonly database: CountedDatabase;
  readonly alias: FakeAlias;
  readonly pages: string[] = [];
  readonly skippedLocks: string[] = [];
  readonly snapshots = new Map<string, string>();
  readonly incidentId = `inc-${randomUUID()}`;
  readonly approvalId = `apr-${randomUUID()}`;
  readonly functionName = `fn-${randomUUID().slice(0, 8)}`;
  readonly ledger: LedgerStore;
  readonly changes: ChangeStore;
  readonly gate: AuthoriseStore;
  readonly openings: OpeningStore;
  readonly endings: EndingStore;
  readonly verdicts: VerdictStore;
  readonly undos: UndoStore;
  /** What carries the action out; a test may put another kind of action in its place. */
  runner: Pick<ActionRunner<ShiftAliasParameters, AliasState>, 'run'>;
  readonly around: ActionSurroundings;
  /** Owner of the target, as its tags say. */
  owner: Ownership = { outcome: 'not-owned' };
  /** What each metric shows, by name. */
  readonly metrics = new Map<string, CriterionFinding>();
  /** What a person answers, as the approvals store it; nobody answers where there is none. */
  verdict: 'approved' | 'rejected' | undefined;
  /** The error that the wait ends with although the answer is stored. */
  lostAnswer: string | undefined;
  /** The question is stored, and still open when the wait ends. */
  isAskedUnanswered = false;
  /** What was asked, in order. */
  readonly questions: unknown[] = [];
  readonly executions = new Map<string, ExecutionState>();
  readonly tables: TestTables;
  plan: Plan;
  now = start;
  alarm: CriterionFinding = { result: 'pass', reason: 'alarm: it is OK' };

  constructor(tables: TestTables, lockLeaseSeconds = 900, client?: DynamoDBClient) {
    this.tables = tables;
    this.database = new CountedDatabase(this.counter, client);
    this.alias = new FakeAlias(this.counter);
    this.ledger = new LedgerStore(this.database, tables.ledgerTable, 'test-artefact');
    const settings = {
      controls: tables.controls,
      operations: tables.operations,
      environment: 'local',
      lockLeaseSeconds,
      policyDigest,
      dailyLimits,
      snapshotRetentionSeconds,
    };
    const clock = () => this.now;
    this.changes = new ChangeStore(this.database, this.ledger, settings, clock);
    this.gate = new AuthoriseStore(this.database, this.ledger, settings, clock);
    this.openings = new OpeningStore(this.database, this.ledger, settings, clock, this.changes);
    this.endings = new EndingStore(this.ledger, settings, clock, this.changes);
    this.verdicts = new VerdictStore(this.ledger, settings, clock, this.changes, randomUUID);
    this.undos = new UndoStore(this.database, this.ledger, settings, clock, this.changes);
    this.around = {
      environment: 'local',
      place: { partition: 'aws', region: 'us-east-1', account: '000000000000' },
      validationSeconds: 120,
      clock,
      pause: async (seconds) => {
        this.now += seconds * 1_000;
      },
      owners: { ownerOf: async () => this.owner },
      metrics: {
        look: async ({ metricName }) =>
          this.metrics.get(metricName) ?? { result: 'pass', reason: `metric: ${metricName}` },
      },
      runtime: new ActionRuntimeStore(this.database, settings),
      snapshots: {
        find: async (key) => this.snapshots.get(key),
        keepFirst: (key, text) =>
          this.counter.around(
            key.endsWith('.intent.json') ? 'intent object' : 'snapshot object',
            async () => {
              if (!this.snapshots.has(key)) this.snapshots.set(key, text);
              return this.snapshots.get(key) ?? text;
            },
          ),
      },
      alarms: { look: async () => this.alarm },
      probe: { look: async () => ({ result: 'pass', reason: 'probe: status 200' }) },
    };
    this.runner = new ActionRunner(aliasTarget, this.alias, this.around);
    this.plan = shiftPlan(this.incidentId, this.functionName);
  }

  get planDigest(): string {
    return planDigestOf(this.plan);
  }
  get changeId(): string {
    return changeIdFor(this.incidentId, this.planDigest);
  }
  get subject() {
    return { changeId: this.changeId, incidentId: this.incidentId, planDigest: this.planDigest };
  }
  get targetKey(): string {
    return this.plan.target?.key ?? '';
  }

  /** Puts plan, decision and approval in place; each option overwrites members of one of them. */
  async prepare(
    options: { outcome?: 'auto' | 'require-approval'; decision?: Item; approval?: Item; plan?: Item } = {},
  ): Promise<this> {
    const { incidentId, planDigest, approvalId } = this;
    const outcome = options.outcome ?? 'require-approval';
    await this.put(this.tables.operations, {
      ...itemKeys.plan(incidentId, planDigest),
      plan: this.plan,
      planDigest,
      ...options.plan,
    });
    await this.put(this.tables.operations, {
      ...itemKeys.decision(incidentId, planDigest),
      incidentId,
      planDigest,
      outcome,
      policyDigest,
      stageVersion: 0,
      quorum: outcome === 'auto' ? 0 : 1,
      ...(outcome === 'auto' ? {} : { approvalId }),
      ...options.decision,
    });
    await this.put(this.tables.operations, {
      ...itemKeys.approval(approvalId),
      approvalId,
      incidentId,
      planDigest,
      status: 'approved',
      quorum: 1,
      version: 2,
      votes: [{ identityId: 'ada', displayName: 'Ada', verdict: 'approve', atEpochMs: start - 1_000 }],
      usableUntilEpochMs: start + 900_000,
      ...options.approval,
    });
    return this;
  }

  async put(table: string, item: Item): Promise<void> {
    await this.tables.database.transact([{ kind: 'put', table, item }]);
  }
  async remove(table: string, key: { pk: string; sk: string }): Promise<void> {
    await this.tables.database.transact([{ kind: 'delete', table, key }]);
  }
  async killSwitch(engaged: boolean): Promise<void> {
    await this.put(this.tables.controls, { ...itemKeys.killSwitch('global'), engaged });
  }

  async breakGlass(expiresAtEpochMs: number, environment = 'local'): Promise<void> {
    await this.put(this.tables.controls, {
      ...itemKeys.breakGlass(this.incidentId),
      incidentId: this.incidentId,
      environment,
      openedAtEpochMs: start - 60_000,
      expiresAtEpochMs,
    });
  }

  async exception(exceptionId: string, status: string, expiresAtEpochMs: number): Promise<void> {
    await this.put(this.tables.operations, {
      ...itemKeys.exception(exceptionId),
      exceptionId,
      status,
      expiresAtEpochMs,
    });
  }

  /** Lock and snapshot, so that the next step is the gate. Answers the fencing token. */
  async upToTheGate(): Promise<number> {
    const acquired = await this.openings.acquireLock(this.subject);
    if (acquired.outcome !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(acquired)}`);
    const { fencingToken } = acquired;
    const taken = await this.act('snapshot', fencingToken);
    if (taken.outcome !== 'taken') throw new Error(`not taken: ${JSON.stringify(taken)}`);
    const recorded = await this.changes.recordSnapshot(this.changeId, fencingToken, taken.snapshotDigest);
    if (recorded.outcome !== 'recorded') throw new Error(`not recorded: ${JSON.stringify(recorded)}`);
    return fencingToken;
  }

  act(operation: 'snapshot' | 'execute' | 'validate' | 'roll-back', fencingToken: number) {
    return this.runner.run({ operation, ...this.subject, fencingToken });
  }

  /** Runs the state machine itself, in this process, against the real stores. */
  async execute(
    options: {
      name?: string;
      input?: object;
      onState?: (state: string, payload: unknown) => Promise<void> | void;
    } = {},
  ): Promise<Ending | 'died'> {
    const name = options.name ?? this.changeId;
    const machine = changeMachine({ [this.plan.action]: 'action' }, 'change-control', 5);
    this.executions.set(name, 'running');
    try {
      return await interpret(
        machine,
        options.input ?? { ...this.subject, action: this.plan.action, mode: 'apply' },
        {
          executionName: name,
          pass: (seconds) => {
            this.now += seconds * 1_000;
          },
          invoke: async (functionName, payload, state) => {
            await options.onState?.(state, payload);
            if (functionName === 'ask-person') return this.#askPerson(payload);
            if (functionName === 'settle-approval') return this.#settle(payload);
            if (functionName === 'action') return this.runner.run(z.parse(actionTaskInput, payload));
            return controlChange(z.parse(changeRequest, payload), {
              changes: this.changes,
              openings: this.openings,
              endings: this.endings,
              gate: this.gate,
              verdicts: this.verdicts,
              undos: this.undos,
              page: (changeId) => this.page(changeId),
            });
          },
        },
      );
    } catch (error) {
      if (error instanceof ExecutionDied) return 'died';
      throw error;
    } finally {
      this.executions.set(name, 'ended');
    }
  }

  /** The person's answer is stored as the approvals store it, before the execution hears of it. */
  async #askPerson(payload: unknown): Promise<{ outcome: string }> {
    this.questions.push(payload);
    const { approvalId } = payload as { approvalId: string };
    const { verdict, incidentId, planDigest } = this;
    if (verdict !== undefined || this.isAskedUnanswered) {
      const asked = { approvalId, incidentId, planDigest, quorum: 1, requestedAtEpochMs: this.now };
      const status = verdict ?? 'pending';
      const approval: Approval = { ...newApproval({ ...asked, lifeSeconds: 600 }), status };
      await this.put(this.tables.operations, toApprovalItem(approval));
    }
    if (verdict !== undefined && this.lostAnswer === undefined) return { outcome: verdict };
    this.now += 600_000;
    throw named(this.lostAnswer ?? 'States.Timeout', 'no answer arrived');
  }

  /** What the settle function does. */
  async #settle(payload: unknown): Promise<{ outcome: string }> {
    const { approvalId } = payload as { approvalId: string };
    const clock = () => this.now;
    return settleApproval(
      new ApprovalStore(this.database, this.ledger, this.tables.operations, clock),
      approvalId,
    );
  }

  /** Undoes a kept change, as `change roll-back` starts it. */
  undo(number = 1, options: Parameters<World['execute']>[0] = {}): Promise<Ending | 'died'> {
    const input = {
      ...this.subject,
      mode: 'undo',
      requestedBy: 'arn:aws:iam::1:user/ada',
      reason: 'too slow',
    };
    return this.execute({ name: `${this.changeId}-undo-${number}`, input, ...options });
  }

  /** What the recovery function does; recoveries it starts run to their end before it answers. */
  async recover(endedExecution?: string): Promise<Recovered[]> {
    const started: { name: string; input: object }[] = [];
    const { changes } = this;
    const parts = {
      changes: {
        find: (id: string) => changes.find(id),
        lockOf: (key: string) => changes.lockOf(key),
        // Other tests share the table: each sweeps its own target only.
        locks: async (skip?: SkipLock) =>
          (await changes.locks(skip)).filter(({ targetKey }) => targetKey === this.targetKey),
        record: changes.record.bind(changes),
        recordSnapshot: changes.recordSnapshot.bind(changes),
      },
      openings: this.openings,
      endings: this.endings,
      clock: () => this.now,
      skipLock: (targetKey: string) => this.skippedLocks.push(targetKey),
      page: (changeId: string) => this.page(changeId),
      executions: {
        state: async (name: string) => this.executions.get(name) ?? ('gone' as const),
        startRecovery: async (name: string, { fencingToken }: { fencingToken?: number | undefined }) => {
          if (this.executions.has(name)) return 'existed' as const;
          this.executions.set(name, 'running');
          started.push({
            name,
            input: { ...this.subject, action: this.plan.action, mode: 'recover', fencingToken },
          });
          return 'started' as const;
        },
      },
    };
    const recovered =
      endedExecution === undefined ? await recoverAll(parts) : await recoverEnded(endedExecution, parts);
    for (const { name, input } of started) await this.execute({ name, input });
    return recovered;
  }

  async page(changeId: string): Promise<void> {
    await this.counter.around('page', async () => {
      this.pages.push(changeId);
    });
  }

  async chain(): Promise<LedgerEntry[]> {
    return this.tables.ledger.read(incidentChain(this.incidentId));
  }

  /** The finding of one kind about this change. */
  findingOf(kind: string): Promise<Item | undefined> {
    return this.tables.database.get(this.tables.operations, itemKeys.finding(`${kind}-${this.changeId}`));
  }

  async types(): Promise<string[]> {
    return (await this.chain()).map(({ type }) => type);
  }

  /** Everything that must hold once nothing runs any more, whatever happened before. */
  async settled() {
    const change = await this.changes.find(this.changeId);
    const lock = await this.changes.lockOf(this.targetKey);
    const chain = await this.chain();
    const finding = await this.findingOf('rollback-failed');
    return {
      status: change?.status,
      version: this.alias.state.functionVersion,
      weights: this.alias.state.additionalWeights,
      lock: lock?.phase ?? 'none',
      chainFaults: verifyChain(incidentChain(this.incidentId), chain),
      finding: finding?.['status'],
      hasEnded: change !== undefined && isTerminal(change.status),
      starts: chain.filter(({ type }) => type === 'change.started').length,
      releases: chain.filter(({ type }) => type === 'change.released').length,
    };
  }
}

export function shiftPlan(
  incidentId: string,
  functionName: string,
  toVersion = '1',
  more: { readonly progressive?: boolean } = {},
): Plan {
  const parameters = { functionName, aliasName: 'live', fromVersion: '2', toVersion, ...more };
  return {
    schemaVersion: 1,
    incidentId,
    environment: 'local',
    agentRole: 'responder',
    action: shiftAlias.id,
    parameters,
    target: shiftAlias.target(parameters),
    effect: shiftAlias.effect(parameters),
    rollbackPlan: rollbackPlanOf(shiftAlias, parameters),
    successCriteria: [
      ...shiftAlias.successCriteria(parameters),
      { kind: 'alarm-ok', alarmName: `${functionName}-errors` },
    ],
    evidence: [{ kind: 'alarm', id: `${functionName}-errors` }],
    citations: [],
  };
}
