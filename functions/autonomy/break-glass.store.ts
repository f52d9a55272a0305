import { openAndAnnounce } from '../audit/announcement.ts';
import { openedEntry } from '../audit/finding-closure.ts';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import {
  type BreakGlass,
  type BreakGlassRefusal,
  type BreakGlassRequest,
  type BreakGlassSubject,
  breakGlassCheck,
  breakGlassEntry,
  breakGlassFinding,
  breakGlassRefusal,
  breakGlassWords,
  newBreakGlass,
} from './break-glass.ts';
import type { BreakGlassPolicy } from './break-glass-policy.ts';
import { type StageStore, stageCheck } from './stage.store.ts';
import type { StageReading } from './stage.ts';

/** What moves a pending approval on, for the transaction that breaks the glass; nothing where none is pending. */
export type ApprovalUnderBreakGlass = (
  approvalId: string,
  by: string,
  expiresAtEpochMs: number,
) => Promise<{ readonly event: LedgerEvent; readonly writes: readonly Write[] } | undefined>;

export interface BreakGlassDependencies {
  readonly database: Database;
  readonly ledger: LedgerStore;
  readonly tables: { readonly controls: string; readonly operations: string };
  readonly policy: BreakGlassPolicy;
  readonly stages: StageStore;
  readonly approve: ApprovalUnderBreakGlass;
  readonly clock: Clock;
}

export type OpenResult =
  /** `continued`: it was open already, by the same person, and what waits by now was moved on. */
  | {
      readonly outcome: 'opened' | 'continued';
      readonly breakGlass: BreakGlass;
      /** Approvals that need nobody any more. */
      readonly approvalIds: readonly string[];
    }
  | { readonly outcome: BreakGlassRefusal };

/** How often an opening is tried again because an approval or a stage changed meanwhile. */
const attempts = 5;

interface Grounds {
  readonly subject: BreakGlassSubject;
  readonly environment: string;
  readonly existing: BreakGlass | undefined;
  /** Stages at `guarded` that the opening rests on. */
  readonly guarded: readonly StageReading[];
  readonly approvalIds: readonly string[];
}

/** Lets the changes of one incident go without approval, for minutes, in front of everybody. */
export class BreakGlassStore {
  readonly #with: BreakGlassDependencies;

  constructor(dependencies: BreakGlassDependencies) {
    this.#with = dependencies;
  }

  /** The glass of an incident, broken now or once. Strongly consistent. */
  async find(incidentId: string): Promise<BreakGlass | undefined> {
    const item = await this.#with.database.get(this.#with.tables.controls, itemKeys.breakGlass(incidentId));
    return item === undefined ? undefined : toBreakGlass(item);
  }

  /**
   * Breaks the glass, opens the review of it, announces it and moves pending approvals on, in one transaction: no
   * crash and no channel that is away can leave it broken unseen.
   */
  async open(request: BreakGlassRequest): Promise<OpenResult> {
    const { clock, policy } = this.#with;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const now = clock();
      const grounds = await this.#groundsOf(request.incidentId);
      const refusal = breakGlassRefusal(policy, request, grounds.subject, now);
      if (refusal === 'already-open' && grounds.existing?.openedBy === request.by) {
        return this.#continue(grounds, grounds.existing, now);
      }
      if (refusal !== undefined) return { outcome: refusal };
      const breakGlass = newBreakGlass(request, grounds.environment, now);
      const opened = await this.#commit(breakGlass, grounds, now);
      if (opened !== undefined) return { outcome: 'opened', breakGlass, approvalIds: opened };
    }
    throw new DependencyUnavailableError(
      'break-glass.contention',
      `incident ${request.incidentId} changed ${attempts} times meanwhile; the glass is whole, try again`,
    );
  }

  async #commit(
    breakGlass: BreakGlass,
    { guarded, approvalIds }: Grounds,
    now: number,
  ): Promise<string[] | undefined> {
    const { ledger, tables } = this.#with;
    const { incidentId, openedBy, expiresAtEpochMs } = breakGlass;
    const finding = breakGlassFinding(breakGlass);
    const moved = await this.#movedOn(approvalIds, openedBy, expiresAtEpochMs);
    const result = await ledger.commit(
      incidentChain(incidentId),
      [breakGlassEntry(breakGlass), openedEntry(finding, 'break-glass'), ...moved.map(({ event }) => event)],
      [
        {
          kind: 'put',
          table: tables.controls,
          item: { ...itemKeys.breakGlass(incidentId), ...breakGlass },
          condition: 'attribute_not_exists(pk) OR expiresAtEpochMs <= :now',
          values: { ':now': now },
        },
        ...openAndAnnounce(tables.operations, finding, breakGlassWords(breakGlass)),
        {
          kind: 'check',
          table: tables.operations,
          key: itemKeys.incident(incidentId),
          condition: '#status = :open',
          names: { '#status': 'status' },
          values: { ':open': 'open' },
        },
        ...guarded.map((stage) => stageCheck(tables.controls, stage)),
        ...moved.flatMap(({ writes }) => writes),
      ],
    );
    return result.outcome === 'committed' ? moved.map(({ approvalId }) => approvalId) : undefined;
  }

  /** An approval may be asked for while the glass is broken already, on a decision from before. */
  async #continue({ approvalIds }: Grounds, breakGlass: BreakGlass, now: number): Promise<OpenResult> {
    const { ledger, tables } = this.#with;
    const { incidentId, openedBy, expiresAtEpochMs } = breakGlass;
    const moved = await this.#movedOn(approvalIds, openedBy, expiresAtEpochMs);
    if (moved.length > 0) {
      const result = await ledger.commit(
        incidentChain(incidentId),
        moved.map(({ event }) => event),
        [breakGlassCheck(tables.controls, breakGlass, now), ...moved.flatMap(({ writes }) => writes)],
      );
      if (result.outcome === 'refused') {
        throw new DependencyUnavailableError(
          'break-glass.contention',
          `an approval of incident ${incidentId} changed meanwhile; try again`,
        );
      }
    }
    return { outcome: 'continued', breakGlass, approvalIds: moved.map(({ approvalId }) => approvalId) };
  }

  async #movedOn(approvalIds: readonly string[], by: string, expiresAtEpochMs: number) {
    const moved = await Promise.all(
      approvalIds.map(async (approvalId) => {
        const move = await this.#with.approve(approvalId, by, expiresAtEpochMs);
        return move === undefined ? undefined : { approvalId, ...move };
      }),
    );
    return moved.filter((move) => move !== undefined);
  }

  /** Reads what an opening rests on: the incident, where its plans wait, and the stages there. */
  async #groundsOf(incidentId: string): Promise<Grounds> {
    const { database, tables, stages } = this.#with;
    const [incident, decisions, existing] = await Promise.all([
      database.get(tables.operations, itemKeys.incident(incidentId)),
      database.query(tables.operations, itemKeys.decision(incidentId, '').pk),
      this.find(incidentId),
    ]);
    const stated = (incident?.['signal'] as { environment?: unknown } | undefined)?.environment;
    const environment = typeof stated === 'string' ? stated : 'unknown';
    const waiting = (
      await Promise.all(
        decisions
          .filter(
            ({ outcome, approvalId, peopleOnly }) =>
              outcome === 'require-approval' && typeof approvalId === 'string' && peopleOnly !== true,
          )
          .map(async (decision) => ({
            approvalId: String(decision['approvalId']),
            stage: await this.#stageOf(decision, environment),
          })),
      )
    ).filter(({ stage }) => stage !== undefined) as { approvalId: string; stage: StageReading }[];
    const guarded = waiting.filter(({ stage }) => stage.stage === 'guarded');
    const status: unknown = incident?.['status'];
    return {
      subject: {
        incidentStatus: incident === undefined ? undefined : status === 'open' ? 'open' : 'closed',
        stages:
          waiting.length > 0
            ? waiting.map(({ stage }) => stage)
            : (await stages.all()).filter((stage) => stage.environment === environment),
        existing,
      },
      environment,
      existing,
      guarded: [...new Map(guarded.map(({ stage }) => [itemKeys.stage(stage).sk, stage])).values()],
      approvalIds: guarded.map(({ approvalId }) => approvalId),
    };
  }

  /** A decision that does not say where it was made rests on no stage. */
  async #stageOf(decision: Item, environment: string): Promise<StageReading | undefined> {
    const { agentRole, actionClass } = decision;
    if (typeof agentRole !== 'string' || typeof actionClass !== 'string') return undefined;
    return this.#with.stages.inForce({ environment, agentRole, actionClass });
  }
}

function toBreakGlass(item: Item): BreakGlass {
  const { pk: _pk, sk: _sk, ...breakGlass } = item;
  return breakGlass as unknown as BreakGlass;
}
