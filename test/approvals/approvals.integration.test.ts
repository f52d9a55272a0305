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
import { type DossierList, isIntact } from '../../functions/approvals/dossier.ts';
import { RefusedVoteStore } from '../../functions/approvals/refused-vote.store.ts';
import { requestApproval } from '../../functions/approvals/request-approval.ts';
import { settleApproval } from '../../functions/approvals/settle-approval.ts';
import { TaskCallbackClient } from '../../functions/approvals/task-callback.client.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { readEngagedSwitches, readKillSwitches } from '../../functions/platform/kill-switch-reading.store.ts';
import { type SwitchScope, switchesOver } from '../../functions/platform/kill-switch-scope.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { approvalContract } from './approval-contract.ts';
import { allOf, dossierOf, now, pending, planOf } from './fixtures.ts';
import { setRecovered } from './moot-incident.ts';
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

approvalContract('in DynamoDB', async (clock) => ({
  store: storeOf(new Mortal(), () => clock.now),
  database: tables.database,
  operations: tables.operations,
}));

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
  const request = (taskToken: string, process = new Mortal()) =>
    requestApproval(
      {
        clock: () => now,
        lifeSeconds: 600,
        verdictSeconds: 120,
        dossiers,
        tokens: { encrypt: (id, token) => process.effect(() => tokens.encrypt(id, token)) },
        approvals: storeOf(process, () => now),
      },
      { incidentId, planDigest, approvalId, taskToken },
    );
  const vote = (identityId: string, verdict: 'approve' | 'reject', process = new Mortal()) => {
    const given = { identityId, displayName: identityId, verdict, via: 'page' as const };
    return storeOf(process).vote(
      approvalId,
      planDigest,
      verdict === 'reject' ? { ...given, reason: 'never-again' as const } : given,
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
  /** What people are told, in the order in which it became true. */
  const notices = async () => {
    const { pk } = itemKeys.notice(approvalId, '', 0);
    const items = await tables.database.query(tables.operations, pk);
    return items.map((item) => `${item['approvalVersion']} ${item['kind']}`).toSorted();
  };
  const evidence = () => tables.ledger.read(incidentChain(incidentId));
  const recover = () => setRecovered(tables.database, tables.operations, incidentId);
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
      notices: await notices(),
      neverAgain: anonymous(
        (await tables.database.get(tables.operations, itemKeys.neverAgain(approvalId))) ?? null,
      ),
      token: ciphertext && (await tokens.decrypt(approvalId, ciphertext)),
      entries: anonymous(entries.map(({ type, actor, detail }) => ({ type, actor, detail }))),
    };
  };
  return {
    approvalId,
    incidentId,
    planDigest,
    dossiers,
    notices,
    recover,
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
        expect(state.notices).toStrictEqual(['1 requested']);
        states.push(state);
      },
    );
    expect(effects).toBeGreaterThanOrEqual(2);
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
        const state = await current.endState();
        expect(state.notices).toStrictEqual(['1 requested', '2 outcome']);
        expect(state.neverAgain === null).toBe(verdict === 'approve');
        states.push(state);
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

  type Current = Awaited<ReturnType<typeof asked>>;
  it.each<[string, string[], (store: ApprovalStore, current: Current) => Promise<unknown>]>([
    [
      'cancelling it',
      ['1 requested', '2 outcome'],
      (store, { approvalId }) => store.cancel(approvalId, 'incident-recovered', 'incident-watch'),
    ],
    ['reminding people', ['1 requested', '2 reminder'], (store, { approvalId }) => store.remind(approvalId)],
    ['escalating it', ['1 requested', '2 escalated'], (store, { approvalId }) => store.escalate(approvalId)],
  ])('%s ends the same', async (what, told, act) => {
    let current = await asked();
    const at = { 'reminding people': now + 200_000, 'escalating it': now + 400_000 }[what] ?? now;
    const states: unknown[] = [];
    const effects = await killEverywhere(
      async () => {
        current = await asked();
        await current.request('token-1');
        if (what === 'cancelling it') await current.recover();
        return (process) =>
          act(
            storeOf(process, () => at),
            current,
          );
      },
      async () => {
        const state = await current.endState();
        expect(state.notices).toStrictEqual(told);
        states.push(state);
      },
    );
    expect(effects).toBe(1);
    for (const state of states) expect(state).toStrictEqual(states.at(-1));
  });

  it('telling the execution that it was cancelled ends the same, and it is told', async () => {
    let current = await asked();
    let execution: WaitingExecution = { executionArn: '', taskToken: '' };
    await killEverywhere(
      async () => {
        current = await asked();
        execution = await room.start();
        await current.request(execution.taskToken);
        await current.recover();
        await storeOf().cancel(current.approvalId, 'incident-recovered', 'incident-watch');
        return (process) => current.tell(process);
      },
      async () => {
        const told = { outcome: 'cancelled', approvalId: current.approvalId };
        expect(await room.toldTo(execution)).toStrictEqual(told);
        expect(await current.endState()).toMatchObject({ statusKey: approvalStatusKeys.done });
      },
    );
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

  const finals = ['approved', 'rejected', 'expired', 'cancelled'].map((status) => `approval.${status}`);
  /** One end, with one entry and one word to people about it. */
  const oneEndOf = async (current: Awaited<ReturnType<typeof asked>>) => {
    const { status, version } = await current.approval();
    const entries = await current.evidence();
    expect(verifyChain(incidentChain(current.incidentId), entries)).toStrictEqual([]);
    expect(entries.map(({ type }) => type).filter((type) => finals.includes(type))).toStrictEqual([
      `approval.${status}`,
    ]);
    const outcomes = (await current.notices()).filter((notice) => notice.endsWith('outcome'));
    expect(outcomes).toStrictEqual([`${version} outcome`]);
    return status;
  };

  it('votes, cancellations, expiries, reminders and escalations at once: one end, told once', async () => {
    for (let round = 0; round < 4; round++) {
      const current = await asked(2);
      const { approvalId } = current;
      await current.request('token-1');
      const later = storeOf(undefined, () => now + 400_000);
      await current.recover();
      await Promise.all([
        ...['ana', 'ben', 'cleo', 'dov'].map((id) => current.vote(id, 'approve')),
        ...['eve', 'fay'].map((id) => current.vote(id, 'reject')),
        ...[1, 2, 3].map(() => later.cancel(approvalId, 'incident-recovered', 'incident-watch')),
        ...[1, 2, 3].map(() => later.expire(approvalId, 'approval-sweep')),
        ...[1, 2, 3].map(() => later.escalate(approvalId)),
        ...[1, 2, 3].map(() => storeOf(undefined, () => now + 200_000).remind(approvalId)),
      ]);
      expect(finals).toContain(`approval.${await oneEndOf(current)}`);
      const told = await current.notices();
      expect(told.filter((notice) => notice.endsWith('reminder')).length).toBeLessThanOrEqual(1);
      expect(told.filter((notice) => notice.endsWith('escalated')).length).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    [599_999, ['approved', 'cancelled', 'expired']],
    [600_000, ['expired']],
    [600_001, ['expired']],
  ])(
    'at %s of 600,000 ms a vote, a cancellation and the expiry at once end as one of %o',
    async (later, possible) => {
      for (let round = 0; round < 3; round++) {
        const current = await asked();
        await current.request('token-1');
        await current.recover();
        const store = storeOf(undefined, () => now + later);
        const given = { identityId: 'ana', displayName: 'Ana', verdict: 'approve', via: 'page' } as const;
        await Promise.all([
          store.vote(current.approvalId, current.planDigest, given, may, 900),
          store.cancel(current.approvalId, 'incident-recovered', 'incident-watch'),
          store.expire(current.approvalId, 'settle-approval'),
        ]);
        expect(possible).toContain(await oneEndOf(current));
      }
    },
  );

  it('many sweeps at once remind once and escalate once', async () => {
    const current = await asked();
    await current.request('token-1');
    const at = (later: number) => storeOf(undefined, () => now + later);
    const reminded = await Promise.all(
      Array.from({ length: 10 }, () => at(200_000).remind(current.approvalId)),
    );
    expect(reminded.filter((outcome) => outcome === 'reminded')).toHaveLength(1);
    const escalated = await Promise.all(
      Array.from({ length: 10 }, () => at(400_000).escalate(current.approvalId)),
    );
    expect(escalated.filter((outcome) => outcome === 'escalated')).toHaveLength(1);
    expect(await current.notices()).toStrictEqual(['1 requested', '2 reminder', '3 escalated']);
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

  it('one person refused for every reason at once leaves five entries', async () => {
    const current = await asked();
    await current.request('token-1');
    const reasons = [
      'already-decided',
      'cancelled',
      'cross-site-form',
      'expired',
      'form-token-missing',
      'form-token-wrong',
      'form-too-large',
      'malformed-form',
      'no-authority',
      'plan-altered',
    ] as const;
    const outcomes = await Promise.all(
      reasons.map((because) => refusals().record(current.approvalId, 'mia', because)),
    );
    expect(outcomes.toSorted()).toStrictEqual([
      ...Array<string>(5).fill('at-capacity'),
      ...Array<string>(5).fill('recorded'),
    ]);
    expect(await refusals().record(current.approvalId, 'ana', 'expired')).toBe('recorded');
    expect((await current.approval()).refusedVotes).toHaveLength(6);
    const types = (await current.evidence()).map(({ type }) => type);
    expect(types.filter((type) => type === 'approval.vote-refused')).toHaveLength(6);
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
  // Lists show the newest: those of the tests above would hide what is looked for here.
  beforeAll(async () => {
    tables = await freshTables();
  });

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
    const ids = async (list: DossierList) => (await allOf(list)).map(({ approval }) => approval.approvalId);
    expect(await ids(await current.dossiers.pending())).toContain(current.approvalId);
    await current.vote('ana', 'approve');
    expect(await ids(await current.dossiers.pending())).not.toContain(current.approvalId);
    expect(await ids(await current.dossiers.recent())).toContain(current.approvalId);
    const file = await current.dossiers.incident(current.incidentId);
    expect(file?.entries.map(({ type }) => type)).toStrictEqual([
      'approval.requested',
      'approval.voted',
      'approval.approved',
    ]);
    expect(file?.entries[1]?.detail).toMatchObject({ via: 'page' });
    expect(await current.dossiers.dossier('no-such-approval')).toBeUndefined();
    expect(await current.dossiers.incident('no-such-incident')).toBeUndefined();
  });

  it('shows checks, rehearsal, reach and what people were told, and leaves that out of lists', async () => {
    const current = await asked();
    const { approvalId, incidentId, planDigest, dossiers } = current;
    await current.request('token-1');
    const put = (item: object) =>
      tables.database.transact([{ kind: 'put', table: tables.operations, item: { ...item } }]);
    const before = await dossiers.dossier(approvalId);
    expect(before).toMatchObject({ impact: { resources: 1, capacityPercent: 100 }, rehearsal: 'never' });
    expect(before).not.toHaveProperty('checks');
    const rolledBack = (changeId: string, action: string, updatedAtEpochMs: number) =>
      put({
        ...itemKeys.change(changeId),
        changeId,
        action,
        updatedAtEpochMs,
        statusKey: 'CHANGE#rolled-back',
        statusAt: new Date(updatedAtEpochMs).toISOString(),
      });
    const checks = [{ name: 'owner', result: 'pass', reason: 'owned by stack checkout' }];
    await put({ ...itemKeys.recommendation(incidentId, planDigest), checks, ownerStack: 'checkout' });
    await rolledBack('chg-older', 'lambda.shift-alias', now - 2_000);
    await rolledBack('chg-old', 'lambda.shift-alias', now - 1_000);
    await rolledBack('chg-other', 'ssm.put-parameter', now);
    await put({ ...itemKeys.change('chg-broken'), statusKey: 'CHANGE#rolled-back', statusAt: '2026-11-23' });
    await current.vote('ana', 'approve');
    expect(await dossiers.dossier(approvalId)).toMatchObject({
      checks,
      ownerStack: 'checkout',
      rehearsal: { changeId: 'chg-old', rolledBackAtEpochMs: now - 1_000 },
      notices: [{ kind: 'requested' }, { kind: 'outcome', deliveries: {} }],
    });
    const listed = (await allOf(await dossiers.recent())).find(
      ({ approval }) => approval.approvalId === approvalId,
    );
    expect(listed).toMatchObject({ impact: { resources: 1 } });
    for (const member of ['checks', 'notices', 'ownerStack', 'rehearsal', 'triage']) {
      expect(listed).not.toHaveProperty(member);
    }
  });

  it('lists what ended since a time, newest first, and what must never come again', async () => {
    const since = now + 86_400_000;
    const ends: Awaited<ReturnType<typeof asked>>[] = [];
    for (const later of [-1, 0, 1]) {
      const current = await asked();
      await current.request('token-1');
      ends.push(current);
      const { approvalId } = current;
      const item = await tables.database.get(tables.operations, itemKeys.approval(approvalId));
      const longer = { ...item, expiresAtEpochMs: since + 600_000 };
      await tables.database.transact([{ kind: 'put', table: tables.operations, item: longer }]);
      const given = {
        identityId: 'ana',
        displayName: 'Ana',
        verdict: 'reject',
        reason: 'never-again',
        via: 'api',
      } as const;
      await storeOf(undefined, () => since + later).vote(approvalId, current.planDigest, given, may, 900);
    }
    const [, second, third] = ends;
    const dossiers = new DossierStore(tables.database, tables.ledger, tables.operations);
    const ids = (found: { approvalId: string }[]) => found.map(({ approvalId }) => approvalId);
    expect(ids(await dossiers.decidedSince(since, 10))).toStrictEqual([
      third?.approvalId,
      second?.approvalId,
    ]);
    expect(ids(await dossiers.decidedSince(since, 1))).toStrictEqual([third?.approvalId]);
    expect(
      (await dossiers.neverAgain(2)).map(({ approvalId, by, action }) => [approvalId, by, action]),
    ).toStrictEqual([
      [third?.approvalId, 'ana', 'lambda.shift-alias'],
      [second?.approvalId, 'ana', 'lambda.shift-alias'],
    ]);
    expect(await dossiers.approvalsOf(third?.incidentId ?? '')).toStrictEqual([third?.approvalId]);
    expect(await dossiers.approvalsOf('inc-none')).toStrictEqual([]);
  });

  it('counts a missing, malformed or unreadable kill switch as engaged, in both ways of reading them', async () => {
    const { database, controls } = tables;
    const subject = planOf();
    const both = async (table = controls) => {
      const engaged = await readEngagedSwitches(database, table);
      const read = await readKillSwitches(database, table, subject);
      expect(switchesOver(engaged, subject)).toStrictEqual(read);
      return engaged;
    };
    const put = (scope: SwitchScope, engaged: unknown) =>
      database.transact([{ kind: 'put', table: controls, item: { ...itemKeys.killSwitch(scope), engaged } }]);
    expect(await both()).toStrictEqual(['global']);
    for (const [engaged, expected] of [
      ['false', ['global']],
      [true, ['global']],
      [false, []],
    ] as const) {
      await put('global', engaged);
      expect(await both()).toStrictEqual(expected);
    }
    await put('environment#prod', true);
    await put('agent#other', false);
    await put('action#lambda.shift-alias', 'false');
    expect((await both()).toString()).toBe('action#lambda.shift-alias,environment#prod');
    await put('global', 1);
    expect((await both()).at(0)).toBe('global');
    expect(await both('no-such-table')).toBe('unreadable');
  });
});

describe('a broken glass', () => {
  const glassEnds = now + 600_000;
  const breakFor = async (current: Awaited<ReturnType<typeof asked>>) => {
    const approvals = new ApprovalStore(tables.database, tables.ledger, tables.operations, () => now + 1);
    const writes = await approvals.breakGlassWrites(current.approvalId, 'ana', glassEnds);
    if (writes === undefined) return undefined;
    return tables.ledger.commit(incidentChain(current.incidentId), [writes.event], writes.writes);
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
    expect(await current.notices()).toStrictEqual(['1 requested', '2 outcome']);
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
      await tables.ledger.commit(incidentChain(current.incidentId), [writes.event], writes.writes),
    ).toMatchObject({ outcome: 'refused' });
    expect(await current.approval()).toMatchObject({ status: 'rejected' });
  });
});
