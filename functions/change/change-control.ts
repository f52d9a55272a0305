import type {
  ChangeSteps,
  EndingSteps,
  Gate,
  OpeningSteps,
  UndoSteps,
  VerdictSteps,
} from './change-protocol.ts';
import type { ChangeRequest } from './change-request.ts';

/** What one step of the protocol may need. */
export interface ChangeControlParts {
  readonly changes: ChangeSteps;
  readonly openings: OpeningSteps;
  readonly endings: EndingSteps;
  readonly gate: Gate;
  readonly verdicts: VerdictSteps;
  readonly undos: UndoSteps;
  readonly page: (changeId: string) => Promise<void>;
}

/**
 * One step of the change protocol. A failed rollback is paged after it is recorded, and again when the step is
 * repeated: a person told twice is better than one who is not told.
 */
export async function controlChange(request: ChangeRequest, parts: ChangeControlParts) {
  const { changes, openings, endings, gate } = parts;
  switch (request.operation) {
    case 'acquire-lock': {
      const { changeId, incidentId, planDigest } = request;
      return openings.acquireLock({ changeId, incidentId, planDigest });
    }
    case 'record-snapshot': {
      const { changeId, fencingToken, snapshotDigest, ownerStack } = request;
      const owner = ownerStack === '' ? undefined : ownerStack;
      return changes.recordSnapshot(changeId, fencingToken, snapshotDigest, owner);
    }
    case 'authorise':
      return gate.authorise(request.changeId, request.fencingToken);
    case 'record': {
      const { changeId, fencingToken, event, reason, step } = request;
      const result = await changes.record(changeId, fencingToken, event, { reason, step });
      if (result.outcome === 'recorded' && event === 'rollback-failed') await parts.page(changeId);
      return result;
    }
    case 'ask-person':
      return parts.verdicts.askPerson(request.changeId, request.fencingToken, request.reason);
    case 'reopen': {
      const { changeId, requestedBy, reason, execution } = request;
      return parts.undos.reopen(changeId, { requestedBy, reason, execution });
    }
    case 'refuse': {
      const { changeId, incidentId, planDigest, result, reason } = request;
      return openings.refuse({ changeId, incidentId, planDigest }, result, reason);
    }
    case 'release':
      return endings.release(request.changeId, request.fencingToken);
    case 'take-over':
      return endings.takeOver(request.changeId, request.fencingToken);
  }
}
