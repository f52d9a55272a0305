import * as z from 'zod/mini';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { settleApproval } from '../../functions/approvals/settle-approval.ts';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { ActionRunner } from '../../functions/change/actions/action-runner.ts';
import { ActionRuntimeStore } from '../../functions/change/actions/action-runtime.store.ts';
import { actionTaskInput } from '../../functions/change/actions/action-task.ts';
import { AliasClient } from '../../functions/change/actions/lambda-shift-alias/alias.client.ts';
import { aliasTarget } from '../../functions/change/actions/lambda-shift-alias/alias-target.ts';
import { AuthoriseStore } from '../../functions/change/authorise.store.ts';
import { ChangeStore } from '../../functions/change/change.store.ts';
import { controlChange } from '../../functions/change/change-control.ts';
import { changeRequest } from '../../functions/change/change-request.ts';
import { EndingStore } from '../../functions/change/ending.store.ts';
import { ExecutionsClient } from '../../functions/change/executions.client.ts';
import { OpeningStore } from '../../functions/change/opening.store.ts';
import { recoverAll, recoverEnded } from '../../functions/change/recovery-sweep.ts';
import { UndoStore } from '../../functions/change/undo.store.ts';
import type { CriterionFinding } from '../../functions/change/validation.ts';
import { VerdictStore } from '../../functions/change/verdict.store.ts';
import { NamedError, type Script } from './calls.ts';
import type { Operation, Seams } from './operation.ts';
import type { Verdict } from './scenario.ts';
import {
  ScriptedDatabase,
  scriptedLambda,
  scriptedStepFunctions,
  UnchainedLedger,
} from './scripted-surroundings.ts';
import { type PlannedChange, settings, usableSeconds, verdictApprovalId } from './subjects.ts';

/**
 * Runs one operation with the product's own code: the stores, the runner, the clients and the recovery that the
 * handlers construct, over a script instead of AWS.
 *
 * @param changes Those of the scenario; people are asked about the first, where they do not say which.
 */
export async function carryOut(
  operation: Operation,
  script: Script,
  seams: Seams,
  changes: readonly PlannedChange[],
): Promise<unknown> {
  const value = await run(operation, script, seams, changes);
  return seams.answer?.(operation, value) ?? value;
}

async function run(operation: Operation, script: Script, seams: Seams, changes: readonly PlannedChange[]) {
  const database = new ScriptedDatabase(script, operation, seams);
  const ledger = new UnchainedLedger(database);
  const { clock } = script;
  const of = 'of' in operation ? operation.of : changes[0]?.name;
  const asked = changes.find(({ name }) => name === of);
  if (asked === undefined) throw new Error(`the scenario has no change ${of}`);
  const { approvalId, planDigest } = asked;
  switch (operation.do) {
    case 'control':
      return controlChange(
        z.parse(changeRequest, operation.request),
        changeParts(script, database, ledger, seams),
      );
    case 'act':
      return actionRunner(script, database, seams).run(z.parse(actionTaskInput, operation.task));
    case 'sweep':
      return recoverAll(changeParts(script, database, ledger, seams));
    case 'recover-ended':
      return recoverEnded(operation.execution, changeParts(script, database, ledger, seams));
    case 'switch': {
      const person = { kind: 'person', id: 'ana' } as const;
      await switches(database, ledger).set(operation.state, person, 'drill', clock());
      return operation.state;
    }
    case 'list-in-flight':
      return switches(database, ledger).inFlight();
    case 'vote': {
      const { person: identityId, verdict } = operation;
      const vote = { identityId, displayName: identityId, verdict, via: 'page' } as const;
      const approvals = new ApprovalStore(database, ledger, settings.operations, clock);
      return approvals.vote(approvalId, planDigest, vote, { may: 'decide' }, usableSeconds);
    }
    case 'cancel': {
      const approvals = new ApprovalStore(database, ledger, settings.operations, clock);
      return approvals.cancel(approvalId, 'incident-recovered', 'incident-watch');
    }
    case 'settle':
      return settleApproval(
        new ApprovalStore(database, ledger, settings.operations, clock),
        operation.approvalId ?? approvalId,
      );
    case 'set-target':
      return script.call({ kind: 'foreign-write', version: operation.version });
    case 'ask-person': {
      const outcome = await script.call<Verdict>({ kind: 'verdict' });
      if (outcome === 'nobody') throw new NamedError('States.Timeout');
      return { outcome };
    }
    case 'undo': {
      const { changeId, incidentId } = asked;
      const input = {
        changeId,
        incidentId,
        planDigest,
        mode: 'undo',
        requestedBy: 'ana',
        reason: 'too slow',
      };
      return script.call({
        kind: 'start-execution',
        name: `${changeId}-undo-1`,
        input: JSON.stringify(input),
      });
    }
  }
}

function switches(database: ScriptedDatabase, ledger: UnchainedLedger): KillSwitchStore {
  return new KillSwitchStore(database, ledger, settings.controls);
}

/** As `change-control.handler.ts` and `recover-change.handler.ts` put them together. */
function changeParts(script: Script, database: ScriptedDatabase, ledger: UnchainedLedger, seams: Seams) {
  const { clock } = script;
  const changes = new ChangeStore(database, ledger, settings, clock);
  return {
    changes,
    openings: new OpeningStore(database, ledger, settings, clock, changes),
    endings: new EndingStore(ledger, settings, clock, changes),
    gate: new AuthoriseStore(database, ledger, settings, clock),
    verdicts: new VerdictStore(ledger, settings, clock, changes, () => verdictApprovalId),
    undos: new UndoStore(database, ledger, settings, clock, changes),
    executions: new ExecutionsClient(
      'arn:aws:states:eu-west-1:111122223333:stateMachine:change',
      scriptedStepFunctions(script),
    ),
    page: async (changeId: string) => {
      if (seams.withoutPages !== true) await script.call({ kind: 'page', changeId });
    },
    skipLock: (targetKey: string) => {
      throw new Error(`the model cannot read lock ${targetKey}`);
    },
    clock,
  };
}

/** As `action.handler.ts` puts it together for the alias. */
function actionRunner(script: Script, database: ScriptedDatabase, seams: Seams) {
  const lambda = scriptedLambda(script);
  const rules = seams.rules?.(aliasTarget) ?? aliasTarget;
  let snapshot = '';
  return new ActionRunner(rules, new AliasClient(lambda, lambda), {
    environment: settings.environment,
    place: { partition: 'aws', region: 'eu-west-1', account: '111122223333' },
    validationSeconds: 120,
    clock: script.clock,
    pause: async () => {},
    owners: { ownerOf: async () => ({ outcome: 'not-owned' }) },
    metrics: { look: async () => ({ result: 'pass', reason: 'metric: as it should be' }) },
    runtime: new ActionRuntimeStore(database, settings),
    snapshots: {
      find: async (key) => {
        const text = await script.call<string | undefined>({ kind: 'object-find', key });
        if (!key.endsWith('.intent.json')) snapshot = text ?? '';
        else if (seams.intent !== undefined) return seams.intent(key, text, snapshot);
        return text;
      },
      keepFirst: (key, text) => script.call<string>({ kind: 'object-keep', key, text }),
    },
    alarms: {
      look: async () => ({
        result: await script.call<CriterionFinding['result']>({ kind: 'alarm' }),
        reason: 'alarm: as it is',
      }),
    },
    probe: { look: async () => ({ result: 'pass', reason: 'probe: status 200' }) },
  });
}
