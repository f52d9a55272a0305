/** What a Lambda is built from. */
export interface FunctionEntry {
  /** Handler file from the top of the tree; it exports `handler`. */
  readonly entry: string;
  /** Longest run in seconds; shorter than the timeout of the state that waits for it. */
  readonly timeoutSeconds: number;
}

const capabilities = 'functions';

/** Every Lambda of Interlock. Adding one is a line here and a `InterlockFunction` in its capability's construct. */
export const functionEntries = {
  intake: { entry: `${capabilities}/intake/intake.handler.ts`, timeoutSeconds: 30 },
  'close-incident': {
    entry: `${capabilities}/intake/close-incident.handler.ts`,
    timeoutSeconds: 30,
  },
  'sweep-incidents': {
    entry: `${capabilities}/intake/sweep-incidents.handler.ts`,
    // A thousand executions to look up in the worst case; the next sweep comes after five minutes.
    timeoutSeconds: 240,
  },
  triage: { entry: `${capabilities}/triage/triage.handler.ts`, timeoutSeconds: 210 },
  routing: { entry: `${capabilities}/routing/routing.handler.ts`, timeoutSeconds: 180 },
  decide: { entry: `${capabilities}/autonomy/decide.handler.ts`, timeoutSeconds: 30 },
  'request-approval': {
    entry: `${capabilities}/approvals/request-approval.handler.ts`,
    timeoutSeconds: 30,
  },
  'settle-approval': {
    entry: `${capabilities}/approvals/settle-approval.handler.ts`,
    timeoutSeconds: 30,
  },
  'approval-pages': {
    entry: `${capabilities}/approvals/pages.handler.tsx`,
    timeoutSeconds: 15,
  },
  'approval-callback': {
    entry: `${capabilities}/approvals/callback.handler.ts`,
    timeoutSeconds: 60,
  },
  'change-control': {
    entry: `${capabilities}/change/change-control.handler.ts`,
    timeoutSeconds: 30,
  },
  'recover-change': {
    entry: `${capabilities}/change/recover-change.handler.ts`,
    timeoutSeconds: 60,
  },
  'action-lambda-shift-alias': {
    entry: `${capabilities}/change/actions/lambda-shift-alias/lambda-shift-alias.handler.ts`,
    timeoutSeconds: 60,
  },
  'action-ssm-put-parameter': {
    entry: `${capabilities}/change/actions/ssm-put-parameter/ssm-put-parameter.handler.ts`,
    timeoutSeconds: 60,
  },
  'ledger-watch': {
    entry: `${capabilities}/audit/ledger-watch.handler.ts`,
    timeoutSeconds: 30,
  },
} as const satisfies Readonly<Record<string, FunctionEntry>>;

export type FunctionName = keyof typeof functionEntries;
export const functionNames = Object.keys(functionEntries) as FunctionName[];
