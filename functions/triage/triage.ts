import type { RoutingResult } from '../routing/routing-result.ts';
import type { TriageContext } from './context.ts';
import type { EarlierRound, Round } from './earlier-round.ts';
import type { Incident } from './incident.ts';
import { buildPrompt, type Prompt } from './prompt.ts';
import { conclude, outcomeOf, type Triaged, type TriageOutcome, type TriageRecord } from './triage-record.ts';

/** What triage needs from outside. */
export interface TriagePorts {
  readonly incident: (incidentId: string) => Promise<Incident>;
  readonly find: (incidentId: string, round: Round) => Promise<TriageRecord | undefined>;
  /** What the first round proposed and what came of it. */
  readonly earlier: (incidentId: string) => Promise<EarlierRound>;
  readonly gather: (incident: Incident) => Promise<TriageContext>;
  readonly recordAsked: (incident: Incident, prompt: Prompt, round: Round) => Promise<void>;
  readonly ask: (prompt: Prompt) => Promise<RoutingResult>;
  readonly recordAnswer: (triaged: Triaged) => Promise<TriageRecord>;
  /** 32 random hexadecimal digits. */
  readonly boundary: () => string;
}

/**
 * Once per round: gather, ask, record. A retry after the record was written answers from it; a retry before
 * that asks again, because an answer that was not recorded was never used.
 *
 * @param round 2 after somebody else changed the target of a plan of the first: everything is read anew.
 */
export async function triage(incidentId: string, round: Round, ports: TriagePorts): Promise<TriageOutcome> {
  const known = await ports.find(incidentId, round);
  if (known !== undefined) return outcomeOf(known);
  const incident = await ports.incident(incidentId);
  const earlier = round === 1 ? undefined : await ports.earlier(incidentId);
  const context = await ports.gather(incident);
  const prompt = buildPrompt(incident, context, ports.boundary(), earlier);
  await ports.recordAsked(incident, prompt, round);
  const result = await ports.ask(prompt);
  return outcomeOf(await ports.recordAnswer(conclude(incident, context, prompt, result, earlier)));
}
