import { Duration, Stack } from 'aws-cdk-lib';
import {
  AccountRecovery,
  FeaturePlan,
  Mfa,
  OAuthScope,
  StandardThreatProtectionMode,
  UserPool,
  type UserPoolClient,
  UserPoolGroup,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { Platform } from '../platform/platform.ts';

export interface ApproverPoolProps {
  readonly platform: Platform;
  /** Origin of the pages, without a trailing slash. */
  readonly publicBaseUrl: string;
  /** Groups that `policies/approvers.json` grants something to. */
  readonly groups: readonly string[];
}

/**
 * A Cognito user pool for those who have no identity provider: administrators add people and put them into
 * groups, nobody adds themselves, and nobody gets in without a second factor. The pages are its one client.
 */
export class ApproverPool extends Construct {
  readonly issuer: string;
  readonly clientId: string;

  constructor(scope: Construct, id: string, props: ApproverPoolProps) {
    super(scope, id);
    const { platform, publicBaseUrl } = props;
    const { stage, discardable } = platform.settings;
    const pool = new UserPool(this, 'Pool', {
      selfSignUpEnabled: false,
      // The name that an administrator gives is who somebody is in `approvers.json`, so it must not change.
      signInAliases: { username: true },
      signInCaseSensitive: false,
      standardAttributes: { email: { required: true, mutable: true } },
      autoVerify: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireSymbols: true,
        requireUppercase: true,
        tempPasswordValidity: Duration.days(3),
      },
      // The plan that refuses leaked passwords and unusual sign-ins; it is paid per person who signs in.
      featurePlan: FeaturePlan.PLUS,
      standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION,
      deletionProtection: !discardable,
      removalPolicy: platform.removalPolicy,
    });
    pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: `interlock-${stage}-${Stack.of(this).account}` },
    });
    for (const groupName of props.groups) {
      new UserPoolGroup(this, `Group-${groupName}`, {
        userPool: pool,
        groupName,
        description: 'Decides what policies/approvers.json grants to it',
      });
    }
    this.issuer = pool.userPoolProviderUrl;
    this.clientId = pagesClient(pool, publicBaseUrl).userPoolClientId;
  }
}

/** Authorization code only: with PKCE it needs no secret, and no password ever goes to anyone but Cognito. */
function pagesClient(pool: UserPool, publicBaseUrl: string): UserPoolClient {
  return pool.addClient('Pages', {
    generateSecret: false,
    preventUserExistenceErrors: true,
    // No sign-in by API; what remains is renewing a session.
    authFlows: { userPassword: false },
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: [OAuthScope.OPENID, OAuthScope.PROFILE, OAuthScope.EMAIL],
      callbackUrls: [`${publicBaseUrl}/sign-in/callback`],
      logoutUrls: [`${publicBaseUrl}/`],
    },
    idTokenValidity: Duration.minutes(5),
    accessTokenValidity: Duration.minutes(5),
    // The shortest there is, and as long as a session of the pages.
    refreshTokenValidity: Duration.hours(1),
    enableTokenRevocation: true,
  });
}
