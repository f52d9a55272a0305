import { catalogue } from '../../functions/change/catalogue.ts';

/** What a Lambda is built from. */
export interface FunctionEntry {
  /** Handler file from the top of the tree; it exports `handler`. */
  readonly entry: string;
  /** Longest run in seconds; shorter than the timeout of the state that waits for it. */
  readonly timeoutSeconds: number;
}

const capabilities = 'functions';

/** Adding one is a line here and an `InterlockFunction` in its capability's construct. */
const ownEntries = {
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
  'kill-switch-heartbeat': {
    entry: `${capabilities}/autonomy/kill-switch-heartbeat.handler.ts`,
    timeoutSeconds: 30,
  },
  'engage-kill-switch': {
    entry: `${capabilities}/autonomy/engage-kill-switch.handler.ts`,
    // Through a crowd of starts it may take half a minute. The pages do not wait that long; it goes on.
    timeoutSeconds: 60,
  },
  'review-autonomy': { entry: `${capabilities}/autonomy/review-autonomy.handler.ts`, timeoutSeconds: 60 },
  recommend: { entry: `${capabilities}/autonomy/recommend.handler.ts`, timeoutSeconds: 30 },
  'request-approval': {
    entry: `${capabilities}/approvals/request-approval.handler.ts`,
    timeoutSeconds: 30,
  },
  'settle-approval': {
    entry: `${capabilities}/approvals/settle-approval.handler.ts`,
    timeoutSeconds: 30,
  },
  'approval-pages': {
    entry: `${capabilities}/approvals/pages/pages.handler.tsx`,
    // The API in front of it gives up after 30. A batch decides one after the other.
    timeoutSeconds: 29,
  },
  'approval-callback': {
    entry: `${capabilities}/approvals/callback.handler.ts`,
    timeoutSeconds: 60,
  },
  'approval-notices': {
    entry: `${capabilities}/approvals/notices/notices.handler.ts`,
    // Each notice goes to three channels, each of which may take ten seconds to fail.
    timeoutSeconds: 120,
  },
  'change-control': {
    entry: `${capabilities}/change/change-control.handler.ts`,
    timeoutSeconds: 30,
  },
  'recover-change': {
    entry: `${capabilities}/change/recover-change.handler.ts`,
    timeoutSeconds: 60,
  },
  'publish-policies': {
    entry: `${capabilities}/policy/publish-policies.handler.ts`,
    timeoutSeconds: 60,
  },
  'ledger-watch': {
    entry: `${capabilities}/audit/ledger-watch.handler.ts`,
    timeoutSeconds: 30,
  },
} as const satisfies Readonly<Record<string, FunctionEntry>>;

/** Function of an action: `lambda.shift-alias` is carried out by `action-lambda-shift-alias`. */
export type ActionFunctionName = `action-${string}`;
export type FunctionName = keyof typeof ownEntries | ActionFunctionName;

export function actionFunctionName(actionId: string): ActionFunctionName {
  return `action-${folderOfAction(actionId)}`;
}

/** An action's folder and its handler are called like its id. */
function folderOfAction(actionId: string): string {
  return actionId.replace('.', '-');
}

const entries: ReadonlyMap<FunctionName, FunctionEntry> = new Map<FunctionName, FunctionEntry>([
  ...(Object.entries(ownEntries) as [FunctionName, FunctionEntry][]),
  ...catalogue.map(({ id }): [FunctionName, FunctionEntry] => {
    const folder = folderOfAction(id);
    return [
      actionFunctionName(id),
      { entry: `${capabilities}/change/actions/${folder}/${folder}.handler.ts`, timeoutSeconds: 60 },
    ];
  }),
]);

/** Every Lambda of Interlock: the ones above and one for each action of the catalogue. */
export const functionNames: readonly FunctionName[] = [...entries.keys()];

/** @throws Error for a name that is none of {@link functionNames}. */
export function functionEntryOf(name: FunctionName): FunctionEntry {
  const entry = entries.get(name);
  if (entry === undefined)
    throw new Error(`there is no function ${name}; see infra/platform/function-entries.ts`);
  return entry;
}
