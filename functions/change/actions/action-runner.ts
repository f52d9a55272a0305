import * as z from 'zod/mini';
import type { Clock } from '../../platform/clock.ts';
import { InterlockError } from '../../platform/errors.ts';
import type { KillSwitchesReading, SwitchSubject } from '../../platform/kill-switch-scope.ts';
import type { ChangeRecord } from '../change-record.ts';
import type { Plan, SuccessCriterion } from '../plan.ts';
import { type CriterionFinding, combine, validationDeadline } from '../validation.ts';
import {
  type ActionFacts,
  type ActionTask,
  type Intent,
  intentOf,
  parseSnapshot,
  planFor,
  snapshotDigestOf,
  snapshotKey,
  whyNot,
  writeSnapshot,
} from './action-task.ts';
import type { TargetClient, TargetRules } from './target.ts';

/** What the runner needs around it; the stores and clients beside this file provide it. */
export interface ActionSurroundings {
  readonly environment: string;
  readonly validationSeconds: number;
  readonly clock: Clock;
  readonly runtime: {
    facts(task: ActionTask): Promise<ActionFacts>;
    killSwitch(subject: SwitchSubject): Promise<KillSwitchesReading>;
  };
  readonly snapshots: {
    /** Stores the text unless one stands there; answers what stands there. */
    keepFirst(key: string, text: string): Promise<string>;
    find(key: string): Promise<string | undefined>;
  };
  readonly alarms: { look(alarmName: string): Promise<CriterionFinding> };
  readonly probe: { look(url: string, expectStatus: number): Promise<CriterionFinding> };
}

/** Why `execute` did not begin; the first two after looking at the target and seeing nothing of ours there. */
export type ExecuteRefusal = 'kill-switch' | 'target-changed' | 'not-authorised';

/** The four steps that every action has in common; what differs is in its rules and its client. */
export class ActionRunner<Parameters extends object, State> {
  readonly #rules: TargetRules<Parameters, State>;
  readonly #target: TargetClient<Parameters, State>;
  readonly #around: ActionSurroundings;

  constructor(
    rules: TargetRules<Parameters, State>,
    target: TargetClient<Parameters, State>,
    around: ActionSurroundings,
  ) {
    this.#rules = rules;
    this.#target = target;
    this.#around = around;
  }

  async run(task: ActionTask) {
    switch (task.operation) {
      case 'snapshot':
        return this.snapshot(task);
      case 'execute':
        return this.execute(task);
      case 'validate':
        return this.validate(task);
      case 'roll-back':
        return this.rollBack(task);
    }
  }

  /** Reads the target and keeps what it finds; asked again, it keeps what it found the first time. */
  async snapshot(task: ActionTask) {
    const facts = await this.#around.runtime.facts(task);
    const obstacle = whyNot(task, facts, this.#around.clock());
    if (obstacle !== undefined) return refused(obstacle);
    const check = planFor(task, facts, this.#rules.definition, this.#around.environment);
    if (check.outcome === 'unsound') return refused(check.reason);
    const parameters = check.parameters as Parameters;
    const key = snapshotKey(check.plan.action, task.changeId);
    const earlier = await this.#around.snapshots.find(key);
    if (earlier !== undefined)
      return { outcome: 'taken', snapshotDigest: snapshotDigestOf(earlier) } as const;
    const reading = await this.#target.read(parameters);
    if (reading.outcome === 'refused') return refused(reading.reason);
    if (!this.#rules.isBefore(parameters, reading.state)) {
      return refused('target-changed: the target does not stand where the plan begins');
    }
    if (this.#rules.isAfter(parameters, reading.state)) return refused('the plan would change nothing');
    const { changeId, planDigest } = task;
    const text = writeSnapshot({
      schemaVersion: 1,
      changeId,
      planDigest,
      action: check.plan.action,
      parameters,
      state: reading.state,
    });
    const kept = await this.#around.snapshots.keepFirst(key, text);
    return { outcome: 'taken', snapshotDigest: snapshotDigestOf(kept) } as const;
  }

  /**
   * Makes the change if everything still holds. `refused` as `kill-switch` or `target-changed` means that the
   * target was looked at and nothing of ours is there or on its way; any other answer but `executed` leads to
   * the rollback. The kill switch is read before anything is begun and again right before the effect.
   *
   *     attempt 1   intent kept ── apply ── dies
   *     attempt 2   intent found: what stands there is ours
   *     a person    sets the same value, no intent: theirs, and never undone by us
   */
  async execute(task: ActionTask) {
    const facts = await this.#around.runtime.facts(task);
    const obstacle = whyNot(task, facts, this.#around.clock());
    if (obstacle !== undefined) return notExecuted('not-authorised', obstacle);
    const check = planFor(task, facts, this.#rules.definition, this.#around.environment);
    if (check.outcome === 'unsound') return notExecuted('not-authorised', check.reason);
    const parameters = check.parameters as Parameters;
    const snapshot = await this.#snapshotOf(facts.change);
    if (snapshot === undefined) {
      return notExecuted('not-authorised', 'the snapshot is missing or is not the one recorded');
    }
    const reading = await this.#target.read(parameters);
    if (reading.outcome === 'refused') return notExecuted('target-changed', reading.reason);
    const isThere = this.#rules.isAfter(parameters, reading.state);
    const isBegun = await this.#hasBegun(snapshot);
    if (isThere ? !isBegun : !this.#rules.isUntouched(snapshot.state, reading.state)) return targetChanged;
    const stop = await this.#stopUnlessReleased(check.plan, isBegun);
    if (stop !== undefined) return stop;
    if (isThere) return { outcome: 'executed' } as const;
    if (!isBegun) {
      await this.#begin(snapshot);
      const lateStop = await this.#stopUnlessReleased(check.plan, isBegun);
      if (lateStop !== undefined) return lateStop;
    }
    const write = await this.#target.apply(parameters, snapshot.state);
    if (write.outcome === 'target-changed') return this.#afterLostRace(parameters);
    return write.outcome === 'failed' ? failed(write.reason) : ({ outcome: 'executed' } as const);
  }

  /** @param isBegun An earlier attempt may have made its write, or may be about to. */
  async #stopUnlessReleased(plan: Plan, isBegun: boolean) {
    const { reading, scope } = await this.#around.runtime.killSwitch(plan);
    if (reading === 'released') return undefined;
    const why = `the kill switch (${scope}) is ${reading}`;
    return isBegun ? failed(`${why} after an earlier attempt had begun`) : notExecuted('kill-switch', why);
  }

  /**
   * The write was refused because the target had moved on. If it holds our value now, an earlier write of ours
   * may be what moved it, so it counts as ours and is rolled back.
   */
  async #afterLostRace(parameters: Parameters) {
    const reading = await this.#target.read(parameters);
    return reading.outcome === 'found' && this.#rules.isAfter(parameters, reading.state)
      ? failed('the write was refused, yet the target holds the value of the plan')
      : targetChanged;
  }

  /** Asks every source named in the plan whether the change helped; never takes the API's word for it. */
  async validate(task: ActionTask) {
    const facts = await this.#around.runtime.facts(task);
    const obstacle = whyNot(task, facts, this.#around.clock());
    if (obstacle !== undefined) return inconclusive(obstacle);
    const check = planFor(task, facts, this.#rules.definition, this.#around.environment);
    if (check.outcome === 'unsound') return inconclusive(check.reason);
    const startedAtEpochMs = facts.change?.startedAtEpochMs;
    if (startedAtEpochMs === undefined) return inconclusive('the change has no start');
    const findings = await this.#look(check.plan, check.parameters as Parameters);
    const deadline = validationDeadline(startedAtEpochMs, this.#around.validationSeconds);
    return combine(findings, this.#around.clock(), deadline);
  }

  /**
   * Writes back what the snapshot holds and reads it again: what stands there then decides, not how the write
   * was answered. Goes by the snapshot alone, so that neither a kill switch nor a tampered plan can prevent it.
   * What somebody else has written since is left as it is, and so is our value where we never began to write.
   */
  async rollBack(task: ActionTask) {
    const facts = await this.#around.runtime.facts(task);
    const obstacle = whyNot(task, facts, this.#around.clock());
    if (obstacle !== undefined) return failed(obstacle);
    const snapshot = await this.#snapshotOf(facts.change);
    if (snapshot === undefined) return failed('the snapshot is missing or is not the one recorded');
    const { parameters, state } = snapshot;
    const before = await this.#target.read(parameters);
    if (before.outcome === 'refused') return failed(before.reason);
    if (this.#rules.isRestored(state, before.state)) {
      return { outcome: 'restored', reason: 'the target already stands as in the snapshot' } as const;
    }
    if (!this.#rules.isAfter(parameters, before.state) || !(await this.#hasBegun(snapshot))) {
      return failed('somebody else has changed the target since; it is left as it is');
    }
    const write = await this.#restore(parameters, state, before.state);
    const after = await this.#target.read(parameters);
    if (after.outcome === 'found' && this.#rules.isRestored(state, after.state)) {
      return { outcome: 'restored', reason: 'read back and equal to the snapshot' } as const;
    }
    if (write.outcome === 'threw') throw write.error;
    return failed(write.outcome === 'failed' ? write.reason : 'read back and not equal to the snapshot');
  }

  /** A write that threw may have been made all the same. */
  async #restore(parameters: Parameters, snapshot: State, current: State) {
    try {
      return await this.#target.restore(parameters, snapshot, current);
    } catch (error) {
      return { outcome: 'threw', error } as const;
    }
  }

  async #hasBegun({ intent }: { readonly intent: Intent }): Promise<boolean> {
    return (await this.#around.snapshots.find(intent.key)) === intent.text;
  }

  async #begin({ intent }: { readonly intent: Intent }): Promise<void> {
    if ((await this.#around.snapshots.keepFirst(intent.key, intent.text)) !== intent.text) {
      throw new InterlockError('change.foreign-intent', `${intent.key} belongs to another snapshot`);
    }
  }

  async #snapshotOf(change: ChangeRecord | undefined) {
    if (change?.snapshotDigest === undefined) return undefined;
    const { definition } = this.#rules;
    const text = await this.#around.snapshots.find(snapshotKey(definition.id, change.changeId));
    if (text === undefined || snapshotDigestOf(text) !== change.snapshotDigest) return undefined;
    const snapshot = parseSnapshot(text, { changeId: change.changeId, action: definition.id });
    const parameters = z.safeParse(definition.parameters, snapshot?.parameters);
    const state = z.safeParse(this.#rules.state, snapshot?.state);
    if (!parameters.success || !state.success) return undefined;
    if (definition.target(parameters.data).key !== change.targetKey) return undefined;
    const intent = intentOf(definition.id, change.changeId, change.snapshotDigest);
    return { parameters: parameters.data, state: state.data, intent };
  }

  async #look(plan: Plan, parameters: Parameters): Promise<CriterionFinding[]> {
    return Promise.all(plan.successCriteria.map((criterion) => this.#lookAt(criterion, parameters)));
  }

  async #lookAt(criterion: SuccessCriterion, parameters: Parameters): Promise<CriterionFinding> {
    switch (criterion.kind) {
      case 'alarm-ok':
        return this.#around.alarms.look(criterion.alarmName);
      case 'http-probe':
        return this.#around.probe.look(criterion.url, criterion.expectStatus);
      case 'read-back':
        return this.#readBack(criterion.expected, parameters);
      default:
        return { result: 'no-data', reason: 'the plan names a criterion of an unknown kind' };
    }
  }

  async #readBack(expected: string, parameters: Parameters): Promise<CriterionFinding> {
    try {
      const reading = await this.#target.read(parameters);
      if (reading.outcome === 'refused') return { result: 'fail', reason: `read-back: ${reading.reason}` };
      return this.#rules.readBack(reading.state) === expected
        ? { result: 'pass', reason: 'read-back: the target holds the value of the plan' }
        : { result: 'fail', reason: 'read-back: the target holds another value' };
    } catch (error) {
      return { result: 'unreadable', reason: `read-back: ${error instanceof Error ? error.name : 'failed'}` };
    }
  }
}

function refused(reason: string) {
  return { outcome: 'refused', reason } as const;
}
function failed(reason: string) {
  return { outcome: 'failed', reason } as const;
}
function inconclusive(reason: string) {
  return { outcome: 'inconclusive', reason } as const;
}
function notExecuted(refusal: ExecuteRefusal, reason: string) {
  return { outcome: 'refused', refusal, reason } as const;
}
const targetChanged = notExecuted(
  'target-changed',
  'target-changed: somebody else changed the target after the snapshot',
);
