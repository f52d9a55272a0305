import { type ApproverPolicy, askedGroups } from '../authority.ts';
import { type Dossier, subjectOf } from '../dossier.ts';
import type { NoticeKind } from '../notice.ts';
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
    joiningGroups: askedGroups(settings.approvers, subjectOf(dossier)).atEscalation,
    pageUrl: `${origin}/approvals/${encodeURIComponent(dossier.approval.approvalId)}`,
  };
}
