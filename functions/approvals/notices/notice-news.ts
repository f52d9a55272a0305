import type { ApproverPolicy } from '../authority.ts';
import { type Dossier, subjectOf } from '../dossier.ts';
import type { NoticeKind } from './notice.ts';
import type { News } from './notice-words.ts';

/** What a message about an approval may say, put together from its record and the approvers' policy. */
export function newsOf(
  settings: { readonly approvers: ApproverPolicy; readonly publicBaseUrl: string },
  kind: NoticeKind,
  dossier: Dossier,
): News {
  const origin = settings.publicBaseUrl.replace(/\/+$/, '');
  return {
    kind,
    dossier,
    joiningGroups: joiningGroups(settings.approvers, dossier),
    pageUrl: `${origin}/approvals/${encodeURIComponent(dossier.approval.approvalId)}`,
  };
}

/** Groups that may decide this from the escalation on and could not before, in the policy's order. */
function joiningGroups({ grants }: ApproverPolicy, dossier: Dossier): string[] {
  const { actionClass, environment } = subjectOf(dossier);
  const covers = (granted: readonly string[], asked: string | undefined) =>
    asked !== undefined && (granted.includes('*') || granted.includes(asked));
  const asked = grants.filter(
    (grant) => covers(grant.actionClasses, actionClass) && covers(grant.environments, environment),
  );
  const before = new Set(asked.filter(({ joins }) => joins !== 'escalation').map(({ group }) => group));
  return [...new Set(asked.map(({ group }) => group))].filter((group) => !before.has(group));
}
