import {
  type Approval,
  castVote,
  expire,
  type TooLateReason,
  type Vote,
  type VoteOutcome,
} from '../../functions/approvals/approval.ts';
import type { Authority } from '../../functions/approvals/authority.ts';

/** Approvals in memory, under the same contract as `ApprovalStore` (`approval-contract.ts`). */
export class MemoryApprovals {
  readonly #approvals = new Map<string, Approval>();
  readonly #tokens = new Map<string, Uint8Array>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  async get(approvalId: string): Promise<Approval | undefined> {
    return this.#approvals.get(approvalId);
  }

  async tokenOf(approvalId: string): Promise<Uint8Array | undefined> {
    return this.#tokens.get(approvalId);
  }

  async create(approval: Approval, ciphertext: Uint8Array) {
    const { approvalId } = approval;
    const existing = this.#approvals.get(approvalId);
    if (existing === undefined) {
      this.#approvals.set(approvalId, approval);
      this.#tokens.set(approvalId, ciphertext);
      return 'requested';
    }
    if (existing.planDigest !== approval.planDigest || existing.incidentId !== approval.incidentId) {
      throw Object.assign(new Error('bound elsewhere'), { code: 'approval.bound-elsewhere' });
    }
    if (existing.status === 'expired') return 'already-expired';
    this.#approvals.set(approvalId, {
      ...existing,
      callbackDelivered: false,
      version: existing.version + 1,
    });
    this.#tokens.set(approvalId, ciphertext);
    return 'token-replaced';
  }

  async vote(
    approvalId: string,
    planDigest: string,
    vote: Omit<Vote, 'atEpochMs'>,
    authority: Authority,
    usableSeconds: number,
  ): Promise<VoteOutcome | { readonly outcome: 'unknown' }> {
    const approval = this.#approvals.get(approvalId);
    if (approval === undefined || approval.planDigest !== planDigest) return { outcome: 'unknown' };
    const result = castVote(approval, { ...vote, atEpochMs: this.#clock() }, authority, usableSeconds);
    this.#approvals.set(approvalId, result.approval);
    return result;
  }

  async expire(approvalId: string): Promise<Approval | undefined> {
    const approval = this.#approvals.get(approvalId);
    if (approval === undefined) return undefined;
    const result = expire(approval, this.#clock());
    this.#approvals.set(approvalId, result.approval);
    return result.approval;
  }

  async beginCallback(approval: Approval): Promise<Approval | 'superseded'> {
    return this.#replace(approval, { ...approval, callbackAttempts: approval.callbackAttempts + 1 });
  }

  async markDelivered(approval: Approval, tooLate?: TooLateReason): Promise<'marked' | 'superseded'> {
    const marked = {
      ...approval,
      callbackDelivered: true,
      ...(tooLate === undefined ? {} : { callbackTooLate: tooLate }),
    };
    return this.#replace(approval, marked) === 'superseded' ? 'superseded' : 'marked';
  }

  #replace(before: Approval, after: Approval): Approval | 'superseded' {
    if (this.#approvals.get(before.approvalId)?.version !== before.version) return 'superseded';
    const next = { ...after, version: before.version + 1 };
    this.#approvals.set(before.approvalId, next);
    return next;
  }
}
