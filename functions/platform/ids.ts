import { randomBytes } from 'node:crypto';
import { digestOf } from './digest.ts';

/**
 * The incident that a fingerprint and the event that claimed its window open: the same delivery always names
 * the same incident, so a crash between claiming and starting can be finished by any later delivery. It is
 * also the name of the incident's execution.
 */
export function incidentIdFor(fingerprint: string, eventId: string): string {
  return `inc-${digestOf([fingerprint, eventId]).slice(0, 20)}`;
}

/** The change that carries out one plan of one incident; also the name of its execution. */
export function changeIdFor(incidentId: string, planDigest: string): string {
  return `chg-${digestOf([incidentId, planDigest]).slice(0, 20)}`;
}

/** The one decision on one plan of one incident. */
export function decisionIdFor(incidentId: string, planDigest: string): string {
  return `dec-${digestOf([incidentId, planDigest]).slice(0, 20)}`;
}

/** An unguessable id of 160 random bits, safe in a URL. It grants nothing: authority comes from the identity. */
export function randomId(): string {
  return randomBytes(20).toString('base64url');
}
