import type { RoutingResult } from '../routing/routing-result.ts';
import type { TriageContext } from './context.ts';
import type { Incident } from './incident.ts';
import { buildPrompt, type Prompt } from './prompt.ts';
import { conclude, outcomeOf, type Triaged, type TriageOutcome, type TriageRecord } from './triage-record.ts';

/** What triage needs from outside. */
export interface TriagePorts {
  readonly incident: (incidentId: string) => Promise<Incident>;
  readonly find: (incidentId: string) => Promise<TriageRecord | undefined>;
  readonly gather: (incident: Incident) => Promise<TriageContext>;
  readonly recordAsked: (incident: Incident, prompt: Prompt) => Promise<void>;
  readonly ask: (prompt: Prompt) => Promise<RoutingResult>;
  readonly recordAnswer: (triaged: Triaged) => Promise<TriageRecord>;
  /** 32 random hexadecimal digits. */
  readonly boundary: () => string;
}

/**
 * Once per incident: gather, ask, record. A retry after the record was written answers from it; a retry before
 * that asks again, because an answer that was not recorded was never used.
 */
export async function triage(incidentId: string, ports: TriagePorts): Promise<TriageOutcome> {
  const known = await ports.find(incidentId);
  if (known !== undefined) return outcomeOf(known);
  const incident = await ports.incident(incidentId);
  const context = await ports.gather(incident);
  const prompt = buildPrompt(incident, context, ports.boundary());
  await ports.recordAsked(incident, prompt);
  const result = await ports.ask(prompt);
  return outcomeOf(await ports.recordAnswer(conclude(incident, context, prompt, result)));
}
