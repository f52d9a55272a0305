import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { approvalUsableSeconds, longestApprovalSeconds } from '../functions/approvals/approval-times.ts';
import {
  approvalContext,
  approvalFaults,
  type ChannelSettings,
  channelSettings,
  type SignInSettings,
  signInSettings,
} from './approvals/approval-settings.ts';

/** Where Interlock can be deployed. `local` is the emulator and nothing else. */
export const stages = ['local', 'dev', 'test', 'prod'] as const;
export type Stage = (typeof stages)[number];

/** Everything in which one stage differs from another. Nothing else in `infra/` asks which stage it is. */
export interface StageSettings {
  readonly stage: Stage;
  /** What policies and the tag `interlock:environment` call it. */
  readonly environment: string;
  /** True where data may be thrown away with the stack: no deletion protection, nothing retained. */
  readonly discardable: boolean;
  /** The account and region the stack is pinned to. Absent: whatever the credentials of `cdk deploy` say. */
  readonly pinnedTo?: { readonly account: string; readonly region: string };
  /** How long a person has to answer; silence is a rejection. */
  readonly approvalTimeout: Duration;
  /** How long after an approval the change may still start. */
  readonly approvalUsable: Duration;
  /** How long a person has to judge a change that could not be measured; then it is rolled back. Shorter than the lock's lease. */
  readonly verdictTimeout: Duration;
  /** How long a change must hold before it is looked at. */
  readonly bake: Duration;
  /** How long after its start a change may take to show that it helped; then it has not. */
  readonly validation: Duration;
  /** How long a change may go without a sign of life before its target lock is recovered; longer than it bakes and validates. */
  readonly lockLease: Duration;
  readonly signIn?: SignInSettings;
  readonly channels: ChannelSettings;
  readonly model: ModelSettings;
  /** Origin of the pages, without a trailing slash: what links start with and where sign-in returns. Absent: the API's own. */
  readonly publicBaseUrl?: string;
  readonly logRetention: RetentionDays;
  /** Checks the AwsSolutions rules during synthesis; a finding without a written reason fails it. */
  readonly nag: boolean;
  /** Executions set aside for each action's function. Absent where an account may not have them to spare. */
  readonly reservedConcurrencyPerAction?: number;
  /** Snapshots are evidence of what a change replaced: kept this long. */
  readonly snapshotRetention: Duration;
}

export interface ModelSettings {
  /** OpenAI-compatible endpoint, up to and including `/v1`. Empty: there is none and Bedrock is asked at once. */
  readonly baseUrl: string;
  /** Model name that endpoint knows. */
  readonly name: string;
  /** Bedrock model or inference profile asked when the endpoint is down or its answer is invalid. */
  readonly bedrockModelId: string;
  /** Stand-in for Bedrock, in `local` only. */
  readonly bedrockEndpointUrl?: string;
}

type Defaults = Omit<
  StageSettings,
  'stage' | 'environment' | 'signIn' | 'channels' | 'model' | 'publicBaseUrl' | 'lockLease' | 'nag'
>;

const cloud: Defaults = {
  discardable: false,
  approvalTimeout: Duration.hours(4),
  approvalUsable: Duration.seconds(approvalUsableSeconds),
  verdictTimeout: Duration.minutes(10),
  bake: Duration.minutes(5),
  validation: Duration.minutes(10),
  logRetention: RetentionDays.THREE_MONTHS,
  snapshotRetention: Duration.days(400),
};

const defaults: Readonly<Record<Stage, Defaults>> = {
  local: {
    ...cloud,
    discardable: true,
    // The emulator's account: with real credentials the CDK CLI refuses to deploy a stage whose provider takes seeded users.
    pinnedTo: { account: '000000000000', region: 'us-east-1' },
    approvalTimeout: Duration.minutes(30),
    verdictTimeout: Duration.minutes(2),
    bake: Duration.seconds(5),
    validation: Duration.minutes(1),
    logRetention: RetentionDays.ONE_WEEK,
    snapshotRetention: Duration.days(7),
  },
  dev: { ...cloud, approvalTimeout: Duration.hours(1), bake: Duration.minutes(1) },
  test: { ...cloud, approvalTimeout: Duration.hours(1), bake: Duration.minutes(1) },
  prod: { ...cloud, logRetention: RetentionDays.THIRTEEN_MONTHS, reservedConcurrencyPerAction: 5 },
};

/** On top of the longest silence of a healthy change, between its start and the verdict on it. */
const leaseMargin = Duration.minutes(5);

/** `TimeoutSeconds` of the change machine: whatever it waits for then, it ends and recovery undoes the change. */
export const changeMachineSeconds = 5_400;

/** A change has at most so many steps; each of them bakes and is validated. */
export const mostSteps = 3;

/** What a change takes beside its steps and a person's verdict. */
const besidesSteps = {
  /** 30 tries, ten seconds apart. */
  waitForLock: Duration.minutes(5),
  /** Calls of functions and what they are repeated for, up to a rollback. */
  calls: Duration.minutes(10),
};

/** How long the steps of a change may take before the change machine would end under them. */
function longestSteps(verdict: Duration): number {
  const { waitForLock, calls } = besidesSteps;
  return changeMachineSeconds - waitForLock.toSeconds() - calls.toSeconds() - verdict.toSeconds();
}

const url = z.url({ protocol: /^https?$/ });
const seconds = z.coerce.number().int();

/** Cookies hold for the whole origin and every page has its path from the top. */
const origin = url
  .refine((text) => URL.parse(text)?.href === `${URL.parse(text)?.origin}/`, {
    error: 'must be an origin, like https://approvals.example.com',
    abort: true,
  })
  .transform((text) => new URL(text).origin);

/** What `-c name=value` may set, each by itself. Values arrive as text. */
const contextMembers = z.strictObject({
  stage: z.enum(stages, { error: `choose a stage with -c stage=<${stages.join('|')}>` }),
  publicBaseUrl: origin.optional(),
  ...approvalContext,
  modelBaseUrl: url.optional(),
  modelName: z.string().min(1).max(200).optional(),
  bedrockModelId: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.:-]{2,139}$/, 'must be a Bedrock model id or inference profile id')
    .optional(),
  bedrockEndpointUrl: url.optional(),
  approvalSeconds: seconds.min(5).max(longestApprovalSeconds).optional(),
  // The change machine asks 180 times, five seconds apart.
  validationSeconds: seconds.min(1).max(800).optional(),
  nag: z.enum(['true'], 'may only be true: cloud stages cannot do without').optional(),
  // How long together with the validation: see `longestSteps`.
  bakeSeconds: seconds.min(1).max(changeMachineSeconds).optional(),
});

/** What they may be together. */
const contextSchema = contextMembers.superRefine((given, context) => {
  const faults: [string, string][] = approvalFaults(given.stage, given);
  if (given.stage !== 'local') {
    if (given.bedrockEndpointUrl !== undefined) {
      faults.push(['bedrockEndpointUrl', 'is for stage local only; leave it out']);
    }
    if (given.publicBaseUrl?.startsWith('http:')) faults.push(['publicBaseUrl', 'must start with https://']);
  }
  for (const [name, message] of faults) context.addIssue({ code: 'custom', path: [name], message });
});

/** Context that is not ours: the CLI's own, and anything namespaced (`@aws-cdk/…`, `availability-zones:…`). */
function isForeign(name: string): boolean {
  return /[:/]/.test(name) || name === 'cli-telemetry';
}

/**
 * Parses the context of `cdk … -c stage=prod -c modelName=…` into one stage's settings. Strict: a misspelt name
 * is refused, because a setting that silently keeps its default is worse than an error.
 *
 * @param context Everything the app was given, as `app.node.getAllContext()` returns it.
 * @throws Error naming each argument at fault and what it may be.
 */
export function parseStageSettings(context: Readonly<Record<string, unknown>>): StageSettings {
  const ours = Object.fromEntries(Object.entries(context).filter(([name]) => !isForeign(name)));
  const parsed = contextSchema.safeParse(ours);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join('.') || 'context'}: ${issue.message}`,
    );
    throw new Error(`cannot read the stage settings: ${faults.join('; ')}`);
  }
  const { stage, publicBaseUrl, nag, ...given } = parsed.data;
  const own = defaults[stage];
  const signIn = signInSettings(stage, given);
  const bake = given.bakeSeconds === undefined ? own.bake : Duration.seconds(given.bakeSeconds);
  const validation =
    given.validationSeconds === undefined ? own.validation : Duration.seconds(given.validationSeconds);
  const step = bake.toSeconds() + validation.toSeconds();
  const longest = Math.floor(longestSteps(own.verdictTimeout) / mostSteps);
  if (step > longest) {
    throw new Error(
      `cannot read the stage settings: bakeSeconds ${bake.toSeconds()} and validationSeconds ${validation.toSeconds()} are ${step} s together and may be ${longest} s: a change bakes and is validated up to ${mostSteps} times within the ${changeMachineSeconds} s of the change machine; lower one of them`,
    );
  }
  return {
    ...own,
    stage,
    environment: stage,
    bake,
    validation,
    // A person who is asked may take all of their time: a change that waits for one shows no sign of life meanwhile.
    lockLease: bake.plus(validation).plus(own.verdictTimeout).plus(leaseMargin),
    approvalTimeout:
      given.approvalSeconds === undefined ? own.approvalTimeout : Duration.seconds(given.approvalSeconds),
    ...(signIn === undefined ? {} : { signIn }),
    channels: channelSettings(given),
    // Locally only when asked for: it takes seconds, and the local template is the cloud's.
    nag: stage !== 'local' || nag === 'true',
    model: {
      baseUrl: given.modelBaseUrl ?? '',
      name: given.modelName ?? 'interlock-triage',
      bedrockModelId: given.bedrockModelId ?? 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
      ...(given.bedrockEndpointUrl === undefined ? {} : { bedrockEndpointUrl: given.bedrockEndpointUrl }),
    },
    ...(publicBaseUrl === undefined ? {} : { publicBaseUrl }),
  };
}
