import { aftermathWords } from '../functions/approvals/aftermath.ts';
import type { ApprovalDetail } from '../functions/approvals/api/api-views.ts';
import { showUntrusted } from '../functions/approvals/untrusted-text.ts';
import { personName, question, rejectReason, timeLeft } from '../functions/approvals/words.ts';
import type { SuccessCriterion } from '../functions/change/plan.ts';
import { bad, dim, good, instant } from './output.ts';

const exclusions = new Map([
  ['owns-the-agent', 'you answer for the agent that proposes this'],
  ['agent-has-no-owner', 'policies/approvers.json names nobody who answers for this agent'],
  ['is-the-requester', 'this was asked for under your name'],
  ['made-the-change', 'the change that is live there is yours'],
  ['not-yet-escalated', 'your group is asked once it escalates'],
]);

/** Why somebody may look but not decide, in words. */
export function exclusionWords(because: string | undefined): string {
  return exclusions.get(because ?? '') ?? showUntrusted(because ?? 'you may not decide this');
}

/** The question, and before → after: what an approver must have seen before they answer. */
export function questionLines({ plan, verdictOn }: ApprovalDetail): string[] {
  const { effect } = plan;
  return [
    question(plan, verdictOn),
    ...(verdictOn === undefined ? [] : [`  it could not be judged: ${shown(verdictOn.reason)}`]),
    ...(effect === undefined
      ? []
      : [`  before  ${shown(effect.before)}`, `  after   ${shown(effect.after)}`]),
  ];
}

/** Everything that a person needs to decide, one line each; hostile characters are written out. */
export function approvalLines(detail: ApprovalDetail, now: number): string[] {
  const { plan, asked, impact, incident, triage, rehearsal, you } = detail;
  return [
    ...questionLines(detail),
    `  ${showUntrusted(plan.action)} in ${showUntrusted(plan.environment)}, proposed by ${showUntrusted(plan.agentRole)}, tier ${detail.tier ?? 'unknown'}`,
    ...(detail.isIntact
      ? []
      : [bad('  plan and decision are not the ones that were asked about: nothing can be decided')]),
    ...(detail.killSwitch === 'released'
      ? []
      : [
          bad(
            `  the kill switch (${shown(detail.killSwitchScope ?? 'global')}) is ${detail.killSwitch}: what is approved meanwhile does not start, and not later either`,
          ),
        ]),
    '',
    ...section('why people are asked', [
      `${shown(asked.reason)} [${shown(asked.clause)}]`,
      ...(asked.policies === undefined ? [] : [`policies ${asked.policies.map(shown).join(', ')}`]),
    ]),
    ...section('what happened', [
      ...(incident === undefined
        ? []
        : [
            `${shown(incident.title)}, severity ${incident.severity}, since ${instant(incident.openedAtEpochMs)}`,
          ]),
      `incident ${shown(detail.incidentId)}`,
    ]),
    ...section(
      'what the model says',
      triage === undefined
        ? []
        : [
            `${shown(triage.diagnosis)} (confidence ${triage.confidence}${triage.modelId === undefined ? '' : `, ${shown(triage.modelId)}`})`,
            ...(triage.reason === undefined ? [] : [shown(triage.reason)]),
            ...(triage.gaps ?? []).map((gap) => `not known: ${shown(gap)}`),
          ],
    ),
    ...section('affected', [
      ...(impact === undefined
        ? []
        : [
            `${impact.resources} resource${impact.resources === 1 ? '' : 's'}, ${impact.capacityPercent} % of its capacity or traffic`,
          ]),
      ...(plan.target === undefined ? [] : [shown(plan.target.key)]),
      ...(detail.ownerStack === undefined
        ? []
        : [`stack ${shown(detail.ownerStack)} owns it and would drift`]),
    ]),
    ...section(
      'checks',
      (detail.checks ?? []).map(
        ({ name, result, reason }) => `${shown(result)}  ${shown(name)}: ${shown(reason)}`,
      ),
    ),
    ...section('way back', [
      ...wayBack(plan.rollbackPlan),
      ...(rehearsal === undefined
        ? []
        : [
            rehearsal === 'never'
              ? 'never rolled back for real lately'
              : `last rolled back for real ${instant(rehearsal.rolledBackAtEpochMs)}, ${shown(rehearsal.changeId)}`,
          ]),
    ]),
    ...section('it helped if', plan.successCriteria.map(criterionWords)),
    ...section('evidence', [
      ...plan.evidence.map(({ kind, id }) => `${kind} ${shown(id)}`),
      ...plan.citations.map((citation) => `cited ${shown(citation)}`),
      `plan digest ${detail.planDigest}`,
    ]),
    ...section('votes', [
      ...detail.votes.map(voteWords),
      ...(detail.status === 'pending'
        ? [`${detail.approvalsStillNeeded} of ${detail.quorum} still needed`]
        : []),
    ]),
    ...section(
      'not told',
      detail.failedChannels.map((channel) => `${shown(channel)} does not take the message yet`),
    ),
    statusLine(detail, now),
    ...(detail.aftermath === undefined ? [] : aftermathWords(detail.aftermath).map(shown)),
    ...(detail.status === 'pending' ? [yourLine(you)] : []),
  ];
}

/** How it stands, for the end of a list of lines. */
export function statusLine(detail: ApprovalDetail, now: number): string {
  const { status, verdictOn } = detail;
  const at = detail.decidedAtEpochMs === undefined ? '' : ` ${instant(detail.decidedAtEpochMs)}`;
  const glass =
    detail.breakGlassBy === undefined ? '' : `, by ${shown(detail.breakGlassBy)}, who broke the glass`;
  switch (status) {
    case 'pending':
      return `waits for people: ${timeLeft(detail.expiresAtEpochMs, now)}, until ${instant(detail.expiresAtEpochMs)}${permittedLonger(detail) ? '' : '; after that the policies permit it no longer'}`;
    case 'approved':
      return good(verdictOn === undefined ? `approved${at}${glass}` : `approved${at}: the change is kept`);
    case 'cancelled':
      return `cancelled${at}: ${shown(detail.cancelledBecause ?? 'nobody needs to decide any more').replaceAll('-', ' ')}`;
    default:
      return bad(
        `${shown(status)}${at}: the change ${verdictOn === undefined ? 'does not happen' : 'is rolled back'}`,
      );
  }
}

function permittedLonger({ notAfterEpochMs, expiresAtEpochMs }: ApprovalDetail): boolean {
  return notAfterEpochMs === undefined || notAfterEpochMs > expiresAtEpochMs;
}

/** What whoever reads it said, or may do with it. */
export function yourLine(you: ApprovalDetail['you']): string {
  if (you.voted !== undefined) return `you said ${you.voted}`;
  if (you.may === 'view') return `you may not decide it: ${exclusionWords(you.because)}`;
  return you.onBehalfOf === undefined
    ? 'you may decide it'
    : `you may decide it, standing in for ${shown(you.onBehalfOf)}`;
}

function section(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [dim(heading), ...lines.map((line) => `  ${line}`), ''];
}

function wayBack(plan: ApprovalDetail['plan']['rollbackPlan']): string[] {
  if (plan === undefined) return ['none is known'];
  return plan.kind === 'irreversible'
    ? [bad(`cannot be undone: ${shown(plan.reason)}`)]
    : plan.steps.map(shown);
}

function voteWords(vote: ApprovalDetail['votes'][number]): string {
  const reason = vote.reason === undefined ? '' : `: ${rejectReason(vote.reason).toLowerCase()}`;
  const forWhom = vote.onBehalfOf === undefined ? '' : `, standing in for ${shown(vote.onBehalfOf)}`;
  const comment = vote.comment === undefined ? '' : `, “${shown(vote.comment)}”`;
  return `${personName(vote.displayName, vote.identityId)} ${vote.verdict === 'approve' ? 'approved' : 'rejected'}${reason}${forWhom} ${instant(vote.atEpochMs)}${comment}`;
}

function criterionWords(criterion: SuccessCriterion): string {
  switch (criterion.kind) {
    case 'alarm-ok':
      return `alarm ${shown(criterion.alarmName)} is OK again`;
    case 'http-probe':
      return `${shown(criterion.url)} answers ${criterion.expectStatus}`;
    case 'read-back':
      return `reading the target back gives ${shown(criterion.expected)}`;
    case 'metric':
      return `metric ${shown(criterion.namespace)}/${shown(criterion.metricName)} (${criterion.statistic.toLowerCase()}) is ${criterion.comparison === 'at-most' ? 'at most' : 'at least'} ${criterion.threshold}`;
  }
}

/** Untrusted text on the lines it has, further lines set in so that none of them passes for one of ours. */
function shown(text: string): string {
  return showUntrusted(text).replaceAll('\n', '\n        ');
}
