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

export type TakeOverResult =
  | { readonly outcome: 'taken-over'; readonly fencingToken: number; readonly action: string }
  | Refused;

/** Facts that may come with an event. `reason` holds no value of the workload. */
export interface EventFacts {
  readonly reason?: string | undefined;
  readonly snapshotDigest?: string;
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
  recordSnapshot(changeId: string, fencingToken: number, snapshotDigest: string): Promise<RecordResult>;
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
