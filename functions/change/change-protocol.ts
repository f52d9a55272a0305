import type { AuthoriseRefusal } from './authorisation.ts';
import type { ChangeEnd, ChangeRecord } from './change-record.ts';
import type { ChangeEvent } from './change-status.ts';
import type { TargetLock } from './target-lock.ts';

/** What a change is made for; its id follows from the other two. */
export interface ChangeSubject {
  readonly changeId: string;
  readonly incidentId: string;
  readonly planDigest: string;
}

export interface Refused {
  readonly outcome: 'refused';
  readonly reason: string;
}

export type AcquireResult =
  | { readonly outcome: 'acquired'; readonly fencingToken: number; readonly action: string }
  | { readonly outcome: 'locked'; readonly heldBy: string }
  | Refused;

export type RecordResult = { readonly outcome: 'recorded' } | Refused;

export type AuthoriseResult = { readonly outcome: 'authorised' } | AuthoriseRefusal;

export type RefuseResult =
  | ({ readonly outcome: 'ended' } & ChangeEnd)
  /** It has started after all: it must be finished or rolled back under this token. */
  | { readonly outcome: 'under-way'; readonly fencingToken: number; readonly action: string };

export type ReleaseResult =
  | ({ readonly outcome: 'released' } & ChangeEnd)
  /** Recovery is the holder now; the stored change will say how it ends. */
  | { readonly outcome: 'handed-over'; readonly reason: string }
  | { readonly outcome: 'not-ended'; readonly reason: string };

export type AskResult = { readonly outcome: 'recorded'; readonly approvalId: string } | Refused;

export type ReopenResult =
  | { readonly outcome: 'reopened'; readonly fencingToken: number; readonly action: string }
  | Refused;

export type TakeOverResult =
  | { readonly outcome: 'taken-over'; readonly fencingToken: number; readonly action: string }
  | Refused;

/** Facts that may come with an event. `reason` holds no value of the workload. */
export interface EventFacts {
  readonly reason?: string | undefined;
  readonly snapshotDigest?: string;
  /** CloudFormation stack that owns the target. */
  readonly driftStack?: string;
  /** Index of the step that the event is about. */
  readonly step?: number | undefined;
}

/** Hears of a lock item that cannot be read, by its target key. */
export type SkipLock = (targetKey: string, error: unknown) => void;

/** Steps of the protocol, as the stores carry them out: each is one transaction with its evidence. */
export interface ChangeSteps {
  find(changeId: string): Promise<ChangeRecord | undefined>;
  lockOf(targetKey: string): Promise<TargetLock | undefined>;
  locks(skip?: SkipLock): Promise<TargetLock[]>;
  record(
    changeId: string,
    fencingToken: number,
    event: ChangeEvent,
    facts?: EventFacts,
  ): Promise<RecordResult>;
  recordSnapshot(
    changeId: string,
    fencingToken: number,
    snapshotDigest: string,
    ownerStack?: string,
  ): Promise<RecordResult>;
}

/** A change that could not be judged is put before a person. */
export interface VerdictSteps {
  askPerson(changeId: string, fencingToken: number, reason: string): Promise<AskResult>;
}

/** A change that was kept is undone on a person's word. */
export interface UndoSteps {
  reopen(changeId: string, request: UndoRequest): Promise<ReopenResult>;
}

export interface UndoRequest {
  /** Who asks, as their credentials say. */
  readonly requestedBy: string;
  readonly reason: string;
  /** Name of the execution that undoes the change. */
  readonly execution: string;
}

export interface OpeningSteps {
  acquireLock(subject: ChangeSubject): Promise<AcquireResult>;
  refuse(subject: ChangeSubject, event: 'refused' | 'stopped', reason: string): Promise<RefuseResult>;
}

export interface EndingSteps {
  release(changeId: string, fencingToken: number): Promise<ReleaseResult>;
  takeOver(changeId: string, fencingToken: number): Promise<TakeOverResult>;
  freeOwnerless(lock: TargetLock): Promise<void>;
}

export interface Gate {
  authorise(changeId: string, fencingToken: number): Promise<AuthoriseResult>;
}
