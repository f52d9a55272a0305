/** The longest that a person may be given to answer. The incident machine, which waits, ends after two days. */
export const longestApprovalSeconds = 86_400;

/** How long a change may still start after its approval. */
export const approvalUsableSeconds = 900;
