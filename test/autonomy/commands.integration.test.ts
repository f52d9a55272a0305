import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { CommandStack, operations } from '../cli/command-stack.ts';

let stack: CommandStack;
const cli = (...args: string[]) => stack.cli(...args);
const json = (...args: string[]) => stack.json(...args);
const put = (table: string, item: Item) => stack.put(table, item);

beforeAll(async () => {
  stack = await CommandStack.start();
  await stack.publish(readPolicyFiles());
});
afterAll(() => stack.stop());

describe('interlock autonomy', () => {
  const place = ['local', 'responder', 'traffic'];

  it('lowers at once, and raises only with a second person, on evidence', async () => {
    expect(await cli('--as', 'ana', 'autonomy', 'set', ...place, 'suggest', '--reason', 'odd')).toMatchObject(
      {
        code: 0,
        out: expect.stringContaining('from guarded to suggest: in force now'),
      },
    );
    const asked = await json(
      '--as',
      'ana',
      'autonomy',
      'set',
      ...place,
      'auto-low',
      '--reason',
      'fine again',
    );
    expect(asked).toMatchObject({ outcome: 'requested', request: { from: 'suggest', to: 'auto-low' } });
    const { requestId } = (asked as { request: { requestId: string } }).request;
    expect((await cli('autonomy', 'requests')).out).toMatch(
      /raise-[\s\S]*no success rate[\s\S]*incidents[\s\S]*since the last change[\s\S]*last lowered .*user\/ana: odd/,
    );
    expect(await cli('--as', 'ben', 'autonomy', 'approve', requestId)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no terminal to ask on'),
    });
    const own = await cli('--as', 'ana', 'autonomy', 'approve', requestId, '--yes');
    expect(own).toMatchObject({ code: 1, err: expect.stringContaining('a second person has to approve') });
    const owner = await cli('--as', 'mia', 'autonomy', 'approve', requestId, '--yes');
    expect(owner).toMatchObject({ code: 1, err: expect.stringContaining('you answer for agent responder') });
    const signal = { environment: 'local' };
    await put(operations, {
      ...itemKeys.incident('inc-late'),
      incidentId: 'inc-late',
      signal,
      openedAtEpochMs: Date.now(),
      statusKey: 'INCIDENT#open',
      statusAt: new Date().toISOString(),
    });
    const approved = await cli('--as', 'ben', 'autonomy', 'approve', requestId, '--yes');
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('raised local') });
    // What was frozen, and what is different since.
    expect(approved.err).toMatch(/because fine again[\s\S]*no success rate/);
    expect(approved.err).toMatch(/changes kept +0 +0\n/);
    expect(approved.err).toMatch(/incidents in the environment +0 +1 +DIFFERS/);
    expect(await json('autonomy', 'show')).toContainEqual(
      expect.objectContaining({
        environment: 'local',
        actionClass: 'traffic',
        stage: 'auto-low',
        declared: 'guarded',
        changedBy: 'arn:aws:iam::000000000000:user/ben',
        cause: 'raised',
      }),
    );
    expect((await cli('autonomy', 'history')).out).toMatch(
      /autonomy\.lowered[\s\S]*autonomy\.raise-requested[\s\S]*autonomy\.raised/,
    );
  });

  it.each<[string[], number, RegExp]>([
    [['set', 'local', 'responder', 'traffik', 'observe', '--reason', 'x'], 1, /known are .*traffic/],
    [['set', ...place, 'Guarded', '--reason', 'x'], 2, /observe, suggest, auto-low, guarded/],
    [['set', ...place, 'observe'], 2, /--reason/],
    [['approve', 'raise-nothing', '--yes'], 1, /autonomy requests/],
  ])('refuses %j with exit code %d and says what there is', async (args, code, message) => {
    const refused = await cli('autonomy', ...args);
    expect([refused.code, refused.err]).toStrictEqual([code, expect.stringMatching(message)]);
  });

  it('shows what was declared by a publication', async () => {
    expect((await cli('autonomy', 'history')).out).toMatch(
      /autonomy\.declared .*actionClass=repair .*stage=guarded/,
    );
    expect((await cli('autonomy', 'history')).out).not.toContain('policy.published');
    expect(await json('autonomy', 'evidence', 'local', 'responder', 'repair')).toMatchObject({
      evidence: { sinceLastChange: { ended: 0 } },
    });
  });

  it('does not skip a stage on the way up', async () => {
    await cli('autonomy', 'set', ...place, 'observe', '--reason', 'start over');
    const refused = await cli('--as', 'ana', 'autonomy', 'set', ...place, 'guarded', '--reason', 'x');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('ask for suggest') });
  });
});

describe('interlock exception', () => {
  const wanted = (change: Record<string, string>) =>
    Object.entries({
      role: 'responder',
      action: 'lambda.shift-alias',
      target: 'lambda-alias/checkout:live',
      environment: 'local',
      owner: 'platform team',
      ticket: 'OPS-12',
      reason: 'the responder helps out this week',
      days: '1',
      ...change,
    }).flatMap(([name, value]) => [`--${name}`, value]);

  it('is approved by neither who asked nor the agent’s owner', async () => {
    const asked = await json('--as', 'ana', 'exception', 'request', ...wanted({}));
    const { exceptionId } = asked as { exceptionId: string };
    const approve = (as: string, ...more: string[]) =>
      cli('--as', as, 'exception', 'approve', exceptionId, ...more);
    const refused = (what: string) => ({ code: 1, out: expect.stringContaining(what) });
    expect(await approve('ana', '--yes')).toMatchObject(refused('a second person'));
    expect(await approve('mia', '--yes')).toMatchObject(refused('agent-owner'));
    expect(await approve('ben')).toMatchObject({ code: 2, err: expect.stringContaining('exception show') });
    const { code, out, err } = await approve('ben', '--yes', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([0, { outcome: 'decided' }]);
    for (const said of [
      /role +responder/,
      /action +lambda\.shift-alias/,
      /target +lambda-alias\/checkout:live/,
      /where +local/,
      /reason +the responder helps out this week/,
      /ticket +OPS-12/,
      /owner +platform team/,
      /ends +\d{4}-.*within a day/,
      /permit \([\s\S]*context\.time\.now < datetime/,
    ])
      expect(err).toMatch(said);
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ role: 'respondr' }, /no agent role "respondr"; known are responder/],
    [{ environment: 'locl' }, /no environment "locl"; known are local/],
    [{ action: 'lambda.shift-alais' }, /not in the action catalogue/],
    [{ target: 'bogus' }, /one target as kind\/name/],
    [{ target: 'ecs-service/shop:web' }, /whose keys are lambda-alias\//],
    [{ action: 'ssm.run-automation' }, /of another kind/],
  ])('cannot be requested with %j', async (change, message) => {
    const refused = await cli('--as', 'ana', 'exception', 'request', ...wanted(change));
    expect([refused.code, refused.err]).toStrictEqual([1, expect.stringMatching(message)]);
  });
});

describe('interlock kill-switch', () => {
  it('stops one agent and says what else stands', async () => {
    await cli('kill-switch', 'off', '--reason', 'start of shift');
    const on = await cli('--as', 'ben', 'kill-switch', 'on', '--agent', 'responder', '--reason', 'odd');
    expect(on).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing of agent responder[\s\S]*stopped/),
    });
    const status = await cli('kill-switch', 'status');
    expect(status.out).toMatch(
      /engaged: nothing of agent responder[\s\S]*user\/ben[\s\S]*HEARTBEAT: no switch/,
    );
    expect(await json('kill-switch', 'status')).toMatchObject({
      state: 'released',
      engaged: [{ scope: 'agent#responder' }],
      heartbeat: { stale: true },
    });
    const off = await cli('kill-switch', 'off', '--agent', 'responder', '--reason', 'understood');
    expect(off.out).not.toContain('still engaged');
  });

  it('reports what is covered and in flight, and does not wait for the rest', async () => {
    await put('Controls', {
      ...itemKeys.lock('lambda-alias/checkout:live'),
      phase: 'rolling-back',
      changeId: 'chg-1',
      incidentId: 'inc-1',
      fencingToken: 1,
    });
    const on = await cli('kill-switch', 'on', '--action', 'lambda.shift-alias', '--wait-seconds', '0');
    expect(on.code).toBe(3);
    expect(on.out).toMatch(/not stopped[\s\S]*is being rolled back \(always allowed\)/);
    await put('Controls', {
      ...itemKeys.lock('lambda-alias/checkout:live'),
      phase: 'free',
      fencingToken: 1,
    });
    expect(await json('kill-switch', 'on', '--action', 'lambda.shift-alias')).toMatchObject({
      scope: 'action#lambda.shift-alias',
      stopped: true,
    });
    expect((await cli('kill-switch', 'off', '--reason', 'over')).out).toContain(
      'still engaged: action#lambda.shift-alias',
    );
  });

  it.each<[string[], number, RegExp]>([
    [['on', '--action', 'lambda.shift-alais'], 1, /known are .*lambda\.shift-alias/],
    [['on', '--agent', 'responder', '--environment', 'local'], 2, /one of/],
  ])('refuses %j with exit code %d', async (args, code, message) => {
    const refused = await cli('kill-switch', ...args);
    expect([refused.code, refused.err]).toStrictEqual([code, expect.stringMatching(message)]);
  });
});

describe('interlock break-glass', () => {
  const incidentId = 'inc-00000000000000000001';

  it('is for those with the role, is shown, and is reviewed by somebody else', async () => {
    const signal = { environment: 'local' };
    await put(operations, { ...itemKeys.incident(incidentId), incidentId, status: 'open', signal });
    const open = ['break-glass', 'open', '--incident', incidentId, '--reason', 'nobody answers'];
    expect(await cli('--as', 'mia', ...open)).toMatchObject({
      code: 1,
      err: expect.stringContaining('may not break the glass'),
    });
    expect(await json('--as', 'ana', ...open, '--minutes', '5')).toMatchObject({ outcome: 'opened' });
    expect((await cli('break-glass', 'status', '--incident', incidentId)).out).toMatch(/is broken until/);
    const [finding] = (await json('findings')) as { findingId: string; overdue: boolean }[];
    expect(finding).toMatchObject({ kind: 'break-glass-review', owner: 'security', overdue: false });
    const close = ['findings', 'close', finding?.findingId ?? '', '--evidence', 'post-mortem 12'];
    expect(await cli('--as', 'ana', ...close)).toMatchObject({
      code: 1,
      err: expect.stringContaining('somebody else has to close it'),
    });
    expect((await cli('--as', 'ben', ...close)).code).toBe(0);
    expect((await cli('findings')).out).toBe('no open findings\n');
    expect((await cli('findings', '--closed')).out).toContain('user/ben');
  });

  it.each<[string[], number, RegExp]>([
    [['--incident', incidentId], 2, /--reason/],
    [['--incident', 'inc-none', '--reason', 'x'], 1, /there is no incident/],
  ])('refuses %j with exit code %d', async (args, code, message) => {
    const refused = await cli('--as', 'ana', 'break-glass', 'open', ...args);
    expect([refused.code, refused.err]).toStrictEqual([code, expect.stringMatching(message)]);
  });
});
