import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { planOf } from '../approvals/fixtures.ts';
import type { Asked } from './asked.ts';
import { hostileMessages, hostileTexts } from './payloads.ts';
import type { World } from './world.ts';

/** A letter that stands nowhere else: where it is shown, an attacker's text would be. */
export const mark = 'ж';
/** Longer than any limit below which a text changes how a page is laid out. */
export const longest = 900;
/** What changes how a line reads without being seen. */
export const deceptive = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\n\t]]/v;

/** All hostile texts, as many in one as fit: what one does, it does there too. */
export const corpus = [...hostileTexts, ...hostileMessages].reduce<string[]>(
  (groups, text) => {
    const last = groups.at(-1) ?? '';
    if (last.length + text.length < longest - 4) groups[groups.length - 1] = `${last} ${text}`;
    else groups.push(text);
    return groups;
  },
  [''],
);

/** A request whose every text is the given one, voted on with that text as name and comment, with a ledger entry of it. */
export async function askWith(world: World, text: string): Promise<Asked> {
  const asked = await world.ask({
    quorum: 3,
    title: text,
    plan: (incidentId) => ({
      ...planOf('ssm.put-parameter', { name: '/a/b', fromValue: text, toValue: `${text}2` }, incidentId),
      evidence: [{ kind: 'alarm', id: text }],
      citations: [text, `https://evil.example/${text}`],
      agentRole: 'responder',
    }),
    decision: { reason: text },
    triage: { diagnosis: text, gaps: [text], model: { runtime: text, modelId: text }, reasons: [text] },
    signal: { alarmName: text, resource: { type: text, id: text } },
  });
  await world.put({
    ...itemKeys.recommendation(asked.incidentId, asked.planDigest),
    checks: [{ name: text, result: 'fail', reason: text }],
    ownerStack: text,
  });
  const given = {
    identityId: 'eve',
    displayName: text,
    verdict: 'approve',
    comment: text,
    via: 'page',
  } as const;
  await world.approvals.vote(
    asked.approvalId,
    asked.planDigest,
    given,
    { may: 'decide', onBehalfOf: text },
    900,
  );
  const event = {
    type: 'incident.noted',
    atEpochMs: Date.now(),
    actor: { kind: 'agent', id: text },
    detail: { text },
  } as const;
  await world.tables.ledger.commit(incidentChain(asked.incidentId), [event], []);
  return asked;
}
