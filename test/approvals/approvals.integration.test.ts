import { randomUUID } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Approval } from '../../functions/approvals/approval.ts';
import { approvalStatusKeys, toApprovalItem } from '../../functions/approvals/approval-item.ts';
import { ApprovalTokenClient } from '../../functions/approvals/approval-token.client.ts';
import type { Authority } from '../../functions/approvals/authority.ts';
import { type DeliveryPorts, deliverDecision } from '../../functions/approvals/deliver-decision.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import { isIntact } from '../../functions/approvals/dossier.ts';
import { RefusedVoteStore } from '../../functions/approvals/refused-vote.store.ts';
import { requestApproval } from '../../functions/approvals/request-approval.ts';
import { settleApproval } from '../../functions/approvals/settle-approval.ts';
import { TaskCallbackClient } from '../../functions/approvals/task-callback.client.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { readKillSwitch } from '../../functions/platform/kill-switch-reading.store.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { approvalContract } from './approval-contract.ts';
import { dossierOf, now, pending, planOf } from './fixtures.ts';
import { killEverywhere, Mortal } from './mortal.ts';
import { type WaitingExecution, WaitingRoom } from './waiting-execution.ts';

const may: Authority = { may: 'decide' };
const executions = new TaskCallbackClient();
const room = new WaitingRoom();
/** Its executions give up after a second. */
const hastyRoom = new WaitingRoom();
let tables: TestTables;
let tokens: ApprovalTokenClient;

beforeAll(async () => {
  const kms = new KMSClient({});
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  tokens = new ApprovalTokenClient(KeyMetadata?.Arn ?? '', kms);
  tables = await freshTables();
  await Promise.all([room.open(), hastyRoom.open(1)]);
});

approvalContract('in DynamoDB', async (clock) => storeOf(new Mortal(), () => clock.now));

function storeOf(process = new Mortal(), clock = () => now + 60_000): ApprovalStore {
  const database = process.database();
  const ledger = new LedgerStore(database, tables.ledgerTable, 'test-artefact');
  return new ApprovalStore(database, ledger, tables.operations, clock);
}

/** A plan whose decision asks for an approval, and what asking and telling it takes. */
async function asked(quorum = 1) {
  const approvalId = randomUUID();
  const incidentId = `inc-${approvalId}`;
  const plan = planOf(undefined, undefined, incidentId);
  const planDigest = planDigestOf(plan);
  const { decision, incident, triage } = dossierOf(pending({ approvalId, quorum }, plan), plan);
  const put = (item: object) =>
    tables.database.transact([{ kind: 'put', table: tables.operations, item: { ...item } }]);
  await Promise.all([
    put({ ...itemKeys.plan(incidentId, planDigest), plan, planDigest }),
    put({ ...itemKeys.decision(incidentId, planDigest), ...decision }),
    put({ ...itemKeys.incident(incidentId), ...incident }),
    put({ ...itemKeys.triage(incidentId), ...triage }),
  ]);
  const dossiers = new DossierStore(tables.database, tables.ledger, tables.operations);
  const messages: string[] = [];
  const request = (taskToken: string, process = new Mortal()) =>
    requestApproval(
      {
        clock: () => now,
        lifeSeconds: 600,
        verdictSeconds: 120,
        publicBaseUrl: 'https://approvals.example',
        dossiers,
        tokens: { encrypt: (id, token) => process.effect(() => tokens.encrypt(id, token)) },
        approvals: storeOf(process, () => now),
        people: {
          tell: (_subject, message) =>
            process.effect(async () => {
              messages.push(message);
            }),
        },
        onNotificationFailure: (_approvalId, error) => {
          throw error;
        },
      },
      { incidentId, planDigest, approvalId, taskToken },
    );
  const vote = (identityId: string, verdict: 'approve' | 'reject', process = new Mortal()) => {
    const given = { identityId, displayName: identityId, verdict };
    return storeOf(process).vote(
      approvalId,
      planDigest,
      verdict === 'reject' ? { ...given, reason: 'other' as const } : given,
      may,
      900,
    );
  };
  const tell = (process = new Mortal()) => {
    const approvals = storeOf(process);
    const telling: DeliveryPorts['executions'] = {
      succeed: (token, output) => process.effect(() => executions.succeed(token, output)),
    };
    return deliverDecision({ approvals, tokens, executions: telling }, approvalId);
  };
  const approval = async (): Promise<Approval> => {
    const found = await storeOf().get(approvalId);
    if (found === undefined) throw new Error(`approval ${approvalId} is not stored`);
    return found;
  };
  const evidence = () => tables.ledger.read(incidentChain(incidentId));
  /** Everything that must not depend on how often the process was killed. */
  const endState = async () => {
    const { version: _version, callbackAttempts: _attempts, ...stored } = await approval();
    const item = await tables.database.get(tables.operations, itemKeys.approval(approvalId));
    const ciphertext = await storeOf().tokenOf(approvalId);
    const entries = await evidence();
    expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
    const anonymous = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(approvalId, 'ID').replaceAll(planDigest, 'DIGEST'));
    return {
      approval: anonymous(stored),
      statusKey: item?.['statusKey'],
      token: ciphertext && (await tokens.decrypt(approvalId, ciphertext)),
      entries: anonymous(entries.map(({ type, actor, detail }) => ({ type, actor, detail }))),
    };
  };
  return {
    approvalId,
    incidentId,
    planDigest,
    dossiers,
    messages,
    request,
    vote,
    tell,
    approval,
    evidence,
    endState,
  };
}

describe('killed between any two writes, then delivered again', () => {
  it.each(['the same token', 'a new token'])('a request with %s ends the same', async (again) => {
    let current = await asked();
    const states: unknown[] = [];
    let calls = 0;
    const effects = await killEverywhere(
      async () => {
        current = await asked();
        calls = 0;
        return (process) => {
          calls += 1;
          return current.request(again === 'a new token' && calls > 1 ? 'token-2' : 'token-1', process);
        };
      },
      async () => {
        const { token, ...state } = await current.endState();
        expect(token).toBe(again === 'a new token' && calls > 1 ? 'token-2' : 'token-1');
        expect(current.messages.length).toBeGreaterThan(0);
        states.push(state);
      },
    );
    expect(effects).toBeGreaterThanOrEqual(3);
    for (const state of states) expect(state).toStrictEqual(states.at(-1));
  });

  it.each(['approve', 'reject'] as const)('a vote to %s ends the same', async (verdict) => {
    let current = await asked();
    const states: unknown[] = [];
    const effects = await killEverywhere(
      async () => {
        current = await asked();
        await current.request('token-1');
        return (process) => current.vote('ana', verdict, process);
      },
      async () => {
        states.push(await current.endState());
      },
    );
    expect(effects).toBeGreaterThanOrEqual(1);
    for (const state of states) expect(state).toStrictEqual(states.at(-1));
  });

  it.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)('telling the execution after %s ends the same, and it is told', async (verdict, outcome) => {
    let current = await asked();
    let execution: WaitingExecution = { executionArn: '', taskToken: '' };
    const states: unknown[] = [];
    const effects = await killEverywhere(
      async () => {
        current = await asked();
        execution = await room.start();
        await current.request(execution.taskToken);
        await current.vote('ana', verdict);
        return (process) => current.tell(process);
      },
      async () => {
        expect(await room.toldTo(execution)).toStrictEqual({ outcome, approvalId: current.approvalId });
        const { token: _token, ...state } = await current.endState();
        expect(state).toMatchObject({ statusKey: approvalStatusKeys.done });
        states.push(state);
      },
    );
    expect(effects).toBe(3);
    for (const state of states) expect(state).toStrictEqual(states.at(-1));
  });

  it.each(['none', 'approve'] as const)('settling with the vote %s ends the same', async (voted) => {
    let current = await asked();
    const states: unknown[] = [];
    await killEverywhere(
      async () => {
        current = await asked();
        await current.request('token-1');
        if (voted === 'approve') await current.vote('ana', 'approve');
        return (process) => settleApproval(storeOf(process), current.approvalId);
      },
      async () => {
        states.push(await current.endState());
      },
    );
    for (const state of states) expect(state).toStrictEqual(states.at(-1));
  });
});

describe('races', () => {
  it('approve and reject at once: one decision, one pair of entries, and the execution hears that one', async () => {
    for (let round = 0; round < 3; round++) {
      const current = await asked();
      const execution = await room.start();
      await current.request(execution.taskToken);
      const voters = Array.from({ length: 24 }, (_, index) => index);
      const outcomes = await Promise.all(
        voters.map((index) => current.vote(`person-${index}`, index % 2 === 0 ? 'approve' : 'reject')),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'recorded')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'already-decided')).toHaveLength(23);
      await Promise.all([current.tell(), current.tell(), current.tell()]);
      while ((await current.tell()) !== 'nothing-to-deliver');
      const { status, votes, callbackTooLate } = await current.approval();
      expect(votes).toHaveLength(1);
      expect(status).toBe(votes[0]?.verdict === 'approve' ? 'approved' : 'rejected');
      expect(callbackTooLate).toBeUndefined();
      expect(await room.toldTo(execution)).toStrictEqual({ outcome: status, approvalId: current.approvalId });
      expect((await current.evidence()).map(({ type }) => type)).toStrictEqual([
        'approval.requested',
        'approval.voted',
        `approval.${status}`,
      ]);
    }
  });

  it('a quorum of two from ten people at once: exactly two votes', async () => {
    const current = await asked(2);
    await current.request('token-1');
    await Promise.all(Array.from({ length: 10 }, (_, index) => current.vote(`person-${index}`, 'approve')));
    const { status, votes } = await current.approval();
    expect(status).toBe('approved');
    expect(new Set(votes.map(({ identityId }) => identityId)).size).toBe(2);
    expect(votes).toHaveLength(2);
  });

  it('one person many times at once counts once', async () => {
    const current = await asked(2);
    await current.request('token-1');
    await Promise.all(Array.from({ length: 10 }, () => current.vote('ana', 'approve')));
    const { status, votes } = await current.approval();
    expect([status, votes.length]).toStrictEqual(['pending', 1]);
  });

  it('a vote, the end of the wait and a retried request at once leave one outcome', async () => {
    for (let round = 0; round < 5; round++) {
      const current = await asked();
      await current.request('token-1');
      const [, settled] = await Promise.all([
        current.vote('ana', 'approve'),
        settleApproval(storeOf(), current.approvalId),
        current.request('token-2'),
      ]);
      const { status } = await current.approval();
      expect(status).toBe(settled.outcome);
      const types = (await current.evidence()).map(({ type }) => type);
      expect(
        types.filter((type) => type === 'approval.approved' || type === 'approval.expired'),
      ).toStrictEqual([`approval.${status}`]);
    }
  });
});

describe('votes that do not count', () => {
  const refusals = (process = new Mortal()) => {
    const database = process.database();
    const ledger = new LedgerStore(database, tables.ledgerTable, 'test-artefact');
    return new RefusedVoteStore(database, ledger, tables.operations, () => now);
  };

  it('one person refused many times at once leaves one entry', async () => {
    const current = await asked();
    await current.request('token-1');
    const tries = Array.from({ length: 12 }, () =>
      refusals().record(current.approvalId, 'mia', 'no-authority'),
    );
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((outcome) => outcome === 'recorded')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'recorded-before')).toHaveLength(11);
    expect((await current.evidence()).map(({ type }) => type)).toStrictEqual([
      'approval.requested',
      'approval.vote-refused',
    ]);
  });

  it('many people leave 50 entries and no more, and the approval is still decidable', async () => {
    const current = await asked();
    await current.request('token-1');
    for (let person = 0; person < 48; person++) {
      expect(await refusals().record(current.approvalId, `person-${person}`, 'expired')).toBe('recorded');
    }
    await Promise.all(
      ['ana', 'ben', 'cleo', 'dan'].map((id) => refusals().record(current.approvalId, id, 'expired')),
    );
    expect(await refusals().record(current.approvalId, 'eve', 'expired')).toBe('at-capacity');
    const types = (await current.evidence()).map(({ type }) => type);
    expect(types.filter((type) => type === 'approval.vote-refused')).toHaveLength(50);
    expect(await current.vote('ana', 'approve')).toMatchObject({ outcome: 'recorded' });
    expect((await current.approval()).refusedVotes).toHaveLength(50);
  });

  it('costs no vote its race and creates no approval', async () => {
    const current = await asked(2);
    await current.request('token-1');
    const read = await current.approval();
    await refusals().record(current.approvalId, 'mia', 'form-token-wrong');
    const { refusedVotes: _marks, ...after } = await current.approval();
    expect(after).toStrictEqual(read);
    expect(await storeOf().beginCallback(read)).toMatchObject({ callbackAttempts: 1 });
    for (const unknown of ['', 'no-such-approval', 'a'.repeat(3_000)]) {
      expect(await refusals().record(unknown, 'mia', 'form-token-wrong')).toBe('unknown');
    }
    expect(
      await tables.database.get(tables.operations, itemKeys.approval('no-such-approval')),
    ).toBeUndefined();
  });

  it('killed before its write and tried again, a refusal leaves the same entry', async () => {
    let current = await asked();
    const effects = await killEverywhere(
      async () => {
        current = await asked();
        await current.request('token-1');
        return (process) => refusals(process).record(current.approvalId, 'mia', 'expired');
      },
      async () => {
        const entries = await current.evidence();
        expect(verifyChain(incidentChain(current.incidentId), entries)).toStrictEqual([]);
        expect(entries.map(({ type }) => type)).toStrictEqual([
          'approval.requested',
          'approval.vote-refused',
        ]);
      },
    );
    expect(effects).toBe(1);
  });
});

describe('an execution that does not wait as expected', () => {
  it('is reported when it has ended, and not tried for ever', async () => {
    const current = await asked();
    const execution = await hastyRoom.start();
    await current.request(execution.taskToken);
    await hastyRoom.gaveUp(execution);
    await current.vote('ana', 'approve');
    expect(await current.tell()).toBe('too-late');
    expect(await current.tell()).toBe('nothing-to-deliver');
    const late = (await current.evidence()).filter(({ type }) => type === 'approval.callback-too-late');
    expect(late.map(({ detail }) => detail['because'])).toStrictEqual(['execution-no-longer-waits']);
  });

  it('hears a decision that was made between two tries of its request', async () => {
    const current = await asked();
    const [first, second] = [await hastyRoom.start(), await room.start()];
    await current.request(first.taskToken);
    await hastyRoom.gaveUp(first);
    await current.vote('ana', 'reject');
    expect(await current.tell()).toBe('too-late');
    await current.request(second.taskToken);
    expect(await current.tell()).toBe('delivered');
    expect(await room.toldTo(second)).toStrictEqual({ outcome: 'rejected', approvalId: current.approvalId });
  });

  it('hears the decision by the token of its latest try', async () => {
    const current = await asked();
    const [first, second] = [await hastyRoom.start(), await room.start()];
    await current.request(first.taskToken);
    await current.request(second.taskToken);
    await current.vote('ana', 'approve');
    expect(await current.tell()).toBe('delivered');
    expect(await room.toldTo(second)).toStrictEqual({ outcome: 'approved', approvalId: current.approvalId });
  });

  it('holds a token that only its own approval opens', async () => {
    const sealed = await tokens.encrypt('approval-1', 'token-1');
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('token-1');
    expect(await tokens.decrypt('approval-1', sealed)).toBe('token-1');
    expect(await tokens.decrypt('approval-2', sealed)).toBe('unreadable');
  });
});

describe('what the pages read', () => {
  it('is intact for a verdict only while its change waits for this very approval', async () => {
    const current = await asked();
    const { approvalId, incidentId, planDigest } = current;
    const changeId = `chg-${approvalId}`;
    const change = { changeId, incidentId, planDigest, status: 'executed', verdictApprovalId: approvalId };
    const put = (item: object) =>
      tables.database.transact([
        { kind: 'put', table: tables.operations, item: { ...itemKeys.change(changeId), ...item } },
      ]);
    await put(change);
    expect(await current.dossiers.waitingChange(changeId)).toStrictEqual({
      incidentId,
      planDigest,
      verdictApprovalId: approvalId,
    });
    expect(await current.dossiers.waitingChange('chg-none')).toBeUndefined();
    const verdict = pending({
      approvalId,
      incidentId,
      planDigest,
      verdictOn: { changeId, reason: 'unknown' },
    });
    await tables.database.transact([
      { kind: 'put', table: tables.operations, item: toApprovalItem(verdict) },
    ]);
    const shown = async () => {
      const dossier = await current.dossiers.dossier(approvalId);
      if (dossier === undefined) throw new Error('there is no dossier');
      return isIntact(dossier);
    };
    expect(await shown()).toBe(true);
    await put({ ...change, verdictApprovalId: 'another' });
    expect(await shown()).toBe(false);
  });

  it('is complete, and in the list of its state', async () => {
    const current = await asked();
    await current.request('token-1');
    const found = await current.dossiers.dossier(current.approvalId);
    expect(found).toMatchObject({
      approval: { approvalId: current.approvalId, status: 'pending' },
      plan: { incidentId: current.incidentId },
      decision: { clause: 'autonomy.matrix' },
      incident: { signal: { title: 'checkout-errors is in ALARM' } },
      triage: { confidence: 0.86 },
    });
    const ids = (list: Awaited<ReturnType<typeof current.dossiers.pending>>) =>
      list.map(({ approval }) => approval.approvalId);
    expect(ids(await current.dossiers.pending())).toContain(current.approvalId);
    await current.vote('ana', 'approve');
    expect(ids(await current.dossiers.pending())).not.toContain(current.approvalId);
    expect(ids(await current.dossiers.recent())).toContain(current.approvalId);
    const file = await current.dossiers.incident(current.incidentId);
    expect(file?.entries.map(({ type }) => type)).toStrictEqual([
      'approval.requested',
      'approval.voted',
      'approval.approved',
    ]);
    expect(await current.dossiers.dossier('no-such-approval')).toBeUndefined();
    expect(await current.dossiers.incident('no-such-incident')).toBeUndefined();
  });

  it('counts a missing, malformed or unreadable kill switch as engaged', async () => {
    const { database, controls } = tables;
    expect(await readKillSwitch(database, controls)).toBe('engaged');
    const put = (engaged: unknown) =>
      database.transact([
        { kind: 'put', table: controls, item: { ...itemKeys.killSwitch('global'), engaged } },
      ]);
    for (const [engaged, reading] of [
      ['false', 'engaged'],
      [true, 'engaged'],
      [false, 'released'],
    ] as const) {
      await put(engaged);
      expect(await readKillSwitch(database, controls)).toBe(reading);
    }
    expect(await readKillSwitch(database, 'no-such-table')).toBe('unreadable');
  });
});

describe('a broken glass', () => {
  const glassEnds = now + 600_000;
  const breakFor = async (current: Awaited<ReturnType<typeof asked>>) => {
    const approvals = new ApprovalStore(tables.database, tables.ledger, tables.operations, () => now + 1);
    const writes = await approvals.breakGlassWrites(current.approvalId, 'ana', glassEnds);
    if (writes === undefined) return undefined;
    return tables.ledger.commit(incidentChain(current.incidentId), [writes.event], [writes.write]);
  };

  it('approves what is pending, without its quorum, for as long as the glass is broken', async () => {
    const current = await asked();
    await current.request('token-1');
    expect(await breakFor(current)).toMatchObject({ outcome: 'committed' });
    expect(await current.approval()).toMatchObject({
      status: 'approved',
      breakGlassBy: 'ana',
      usableUntilEpochMs: glassEnds,
      votes: [],
      callbackDelivered: false,
    });
    expect((await current.evidence()).at(-1)).toMatchObject({
      type: 'approval.approved',
      detail: { breakGlass: true, approvers: '' },
    });
    expect(await current.vote('ben', 'reject')).toMatchObject({ outcome: 'already-decided' });
  });

  it('changes nothing that was decided or rejected first', async () => {
    const current = await asked();
    await current.request('token-1');
    await current.vote('ben', 'reject');
    expect(await breakFor(current)).toBeUndefined();
    expect(await current.approval()).toMatchObject({ status: 'rejected' });
  });

  it('loses against a rejection between its read and its write', async () => {
    const current = await asked();
    await current.request('token-1');
    const approvals = new ApprovalStore(tables.database, tables.ledger, tables.operations, () => now + 1);
    const writes = await approvals.breakGlassWrites(current.approvalId, 'ana', glassEnds);
    await current.vote('ben', 'reject');
    if (writes === undefined) throw new Error('nothing was pending');
    expect(
      await tables.ledger.commit(incidentChain(current.incidentId), [writes.event], [writes.write]),
    ).toMatchObject({ outcome: 'refused' });
    expect(await current.approval()).toMatchObject({ status: 'rejected' });
  });
});
