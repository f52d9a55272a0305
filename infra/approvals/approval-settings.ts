import * as z from 'zod';
import {
  idTokenAlgorithms,
  type OidcSettings,
  oidcDefaults,
} from '../../functions/approvals/sign-in/oidc-settings.ts';

/** Where people sign in. Absent: the pages say that sign-in is not configured, and every approval expires. */
export type SignInSettings =
  | ({ readonly by: 'issuer' } & Omit<OidcSettings, 'redirectUri' | 'insecure'>)
  | { readonly by: 'user-pool' };

/** How people are told, beside whatever is subscribed to the person topic by hand. A cloud stage has one at least. */
export interface ChannelSettings {
  readonly slack?: {
    /** Id of the channel, `C0123456789`. */
    readonly channel: string;
    /** Secret with `{ "botToken", "signingSecret" }`. */
    readonly secretArn: string;
    /** Stand-in for Slack, in `local` only. */
    readonly apiUrl?: string;
  };
  /** Secret with `{ "url" }`: Teams, or any webhook. */
  readonly webhookSecretArn?: string;
  /** Address subscribed to the person topic. */
  readonly notifyEmail?: string;
}

const clientId = z.string().regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 characters without spaces');
const claim = z.string().regex(/^[A-Za-z0-9:_./-]{1,128}$/, 'must be the name of a claim');
/** Complete: IAM compares the six characters that Secrets Manager adds to the name. */
const secretArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,512}-[A-Za-z0-9]{6}$/,
    'must be the complete ARN of a Secrets Manager secret, with the six characters at its end',
  );

/** What `-c name=value` may say about sign-in and channels. Values arrive as text. */
export const approvalContext = {
  oidcIssuer: z.url({ protocol: /^https?$/ }).optional(),
  oidcClientId: clientId.optional(),
  oidcCliClientId: clientId.optional(),
  oidcClientSecretArn: secretArn.optional(),
  oidcScopes: z
    .string()
    .max(512)
    .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'must be scopes separated by single spaces')
    .refine((scopes) => scopes.split(' ').includes('openid'), 'must contain openid')
    .optional(),
  oidcGroupsClaim: claim.optional(),
  oidcIdentityClaim: claim.optional(),
  oidcIdTokenAlgorithm: z.enum(idTokenAlgorithms).optional(),
  createUserPool: z.enum(['true'], 'may only be true: leave it out for none').optional(),
  slackChannel: z
    .string()
    .regex(/^[CG][A-Z0-9]{8,20}$/, 'must be the id of a channel, like C0123456789')
    .optional(),
  slackSecretArn: secretArn.optional(),
  slackApiUrl: z.url({ protocol: /^https?$/ }).optional(),
  webhookSecretArn: secretArn.optional(),
  notifyEmail: z.email().optional(),
};

type Given = { readonly [Name in keyof typeof approvalContext]?: z.output<(typeof approvalContext)[Name]> };

const besidesIssuer = [
  'oidcClientId',
  'oidcCliClientId',
  'oidcClientSecretArn',
  'oidcScopes',
  'oidcGroupsClaim',
  'oidcIdentityClaim',
  'oidcIdTokenAlgorithm',
] as const;

/** Client ids under which the provider of local mode knows the pages and the command line. */
const localClients = { pages: 'interlock-pages', cli: 'interlock-cli' } as const;

/** Whoever gives one of them has a channel, or is told what it lacks. */
const channelNames = ['notifyEmail', 'slackChannel', 'slackSecretArn', 'webhookSecretArn'] as const;

/** What is wrong with settings that are each well formed: the name at fault and why. */
export function approvalFaults(stage: string, given: Given): [keyof Given, string][] {
  const isLocal = stage === 'local';
  const { oidcIssuer, oidcClientId, oidcCliClientId } = given;
  const faults: [keyof Given, string][] = [];
  if (given.createUserPool === undefined) {
    if (oidcIssuer === undefined) {
      for (const name of besidesIssuer) {
        if (given[name] !== undefined) faults.push([name, 'says nothing without oidcIssuer; set both']);
      }
    } else if (oidcClientId === undefined && !isLocal) {
      faults.push(['oidcClientId', 'is missing: the client that oidcIssuer knows the pages by']);
    }
  } else {
    const twice = (['oidcIssuer', ...besidesIssuer] as const).filter((name) => given[name] !== undefined);
    if (twice.length > 0) {
      faults.push(['createUserPool', `brings its own issuer and client; leave out ${twice.join(', ')}`]);
    }
    if (isLocal) {
      faults.push(['createUserPool', 'is for cloud stages: stage local has a provider of its own']);
    }
  }
  if (oidcIssuer !== undefined) faults.push(...issuerFaults(oidcIssuer, isLocal));
  if (oidcClientId !== undefined && oidcClientId === oidcCliClientId) {
    faults.push(['oidcCliClientId', 'must be a client of its own: tokens of the pages open no API']);
  }
  const slackNames = ['slackChannel', 'slackSecretArn', 'slackApiUrl'] as const;
  if (slackNames.some((name) => given[name] !== undefined)) {
    for (const name of ['slackChannel', 'slackSecretArn'] as const) {
      if (given[name] === undefined) faults.push([name, 'is missing: Slack takes channel and secret']);
    }
  }
  if (given.slackApiUrl !== undefined && !isLocal) {
    faults.push(['slackApiUrl', 'is for stage local only; leave it out']);
  }
  if (!isLocal && channelNames.every((name) => given[name] === undefined)) {
    faults.push([
      'notifyEmail',
      'is missing, and so is every other channel: nobody would hear of an approval, a broken glass or a failed rollback; give notifyEmail, or slackChannel and slackSecretArn, or webhookSecretArn',
    ]);
  }
  return faults;
}

function issuerFaults(issuer: string, isLocal: boolean): [keyof Given, string][] {
  const faults: [keyof Given, string][] = [];
  const parsed = URL.parse(issuer);
  // Not an address at all is said where it is parsed.
  if (parsed === null) return faults;
  const { protocol, pathname, search, hash, username, password } = parsed;
  if (protocol !== 'https:' && !isLocal) faults.push(['oidcIssuer', 'must start with https://']);
  if (search + hash + username + password !== '') {
    faults.push(['oidcIssuer', 'must have no query, fragment or user']);
  }
  if (pathname.includes('/.well-known/')) {
    faults.push(['oidcIssuer', 'must be the issuer, not the address of its discovery document']);
  }
  return faults;
}

/** @param given Without {@link approvalFaults}. */
export function signInSettings(stage: string, given: Given): SignInSettings | undefined {
  if (given.createUserPool !== undefined) return { by: 'user-pool' };
  if (given.oidcIssuer === undefined) return undefined;
  const known = stage === 'local' ? localClients : undefined;
  const cliClientId = given.oidcCliClientId ?? known?.cli;
  return {
    by: 'issuer',
    issuer: given.oidcIssuer,
    clientId: given.oidcClientId ?? known?.pages ?? '',
    ...(cliClientId === undefined ? {} : { cliClientId }),
    ...(given.oidcClientSecretArn === undefined ? {} : { clientSecretArn: given.oidcClientSecretArn }),
    scopes: given.oidcScopes ?? oidcDefaults.scopes,
    groupsClaim: given.oidcGroupsClaim ?? oidcDefaults.groupsClaim,
    identityClaim: given.oidcIdentityClaim ?? oidcDefaults.identityClaim,
    idTokenAlgorithm: given.oidcIdTokenAlgorithm ?? oidcDefaults.idTokenAlgorithm,
  };
}

/** @param given Without {@link approvalFaults}. */
export function channelSettings(given: Given): ChannelSettings {
  const { slackChannel, slackSecretArn, slackApiUrl, webhookSecretArn, notifyEmail } = given;
  return {
    ...(slackChannel === undefined || slackSecretArn === undefined
      ? {}
      : {
          slack: {
            channel: slackChannel,
            secretArn: slackSecretArn,
            ...(slackApiUrl === undefined ? {} : { apiUrl: slackApiUrl }),
          },
        }),
    ...(webhookSecretArn === undefined ? {} : { webhookSecretArn }),
    ...(notifyEmail === undefined ? {} : { notifyEmail }),
  };
}
