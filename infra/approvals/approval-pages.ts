import { Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { type CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { readSecrets } from './secrets.ts';
import { ApproverPool } from './user-pool.ts';

export interface ApprovalPagesProps {
  readonly platform: Platform;
  /** Origin of the pages, without a trailing slash. */
  readonly publicBaseUrl: string;
  /** Groups that `policies/approvers.json` grants something to. */
  readonly groups: readonly string[];
  /** Stops everything: the pages themselves may not write the kill switch, whoever takes them over. */
  readonly engageKillSwitch: InterlockFunction;
}

/** The function behind the link: pages, API and Slack's clicks. It asks the identity provider who somebody is. */
export class ApprovalPages extends Construct {
  readonly pages: InterlockFunction;

  constructor(scope: Construct, id: string, props: ApprovalPagesProps) {
    super(scope, id);
    const { platform, publicBaseUrl, engageKillSwitch } = props;
    const { settings, tables } = platform;
    const { slack } = settings.channels;
    const sessionSecretArn = this.#sessionSecret(platform);
    this.pages = new InterlockFunction(this, 'PagesFunction', {
      platform,
      name: 'approval-pages',
      tables: ['controls', 'operations', 'ledger'],
      environment: {
        APPROVAL_USABLE_SECONDS: String(settings.approvalUsable.toSeconds()),
        ENGAGE_KILL_SWITCH_ARN: engageKillSwitch.function.functionArn,
        PUBLIC_BASE_URL: publicBaseUrl,
        SESSION_SECRET_ARN: sessionSecretArn,
        ...this.#signIn(props),
        ...(slack === undefined ? {} : { SLACK_SECRET_ARN: slack.secretArn }),
        ...(slack?.apiUrl === undefined ? {} : { SLACK_API_URL: slack.apiUrl }),
      },
    });
    // Sessions, what the provider said of people, and messages that were seen once.
    tables.grantControls(this.pages, ['GetItem', 'Query'], {
      verbs: ['PutItem'],
      keys: ['SESSION#*', 'PERSON#*', 'SEEN#*'],
    });
    tables.grantControls(this.pages, [], { verbs: ['UpdateItem'], keys: ['SESSION#*', 'RATE#*'] });
    tables.grantOperations(this.pages, ['GetItem', 'Query'], { verbs: ['UpdateItem'], keys: ['APPROVAL#*'] });
    tables.grantOperations(this.pages, [], { verbs: ['PutItem'], keys: ['NEVER-AGAIN#*', 'NOTICE#*'] });
    tables.grantOperationsByStatus(this.pages);
    tables.grantLedger(this.pages);
    Grant.addToPrincipal({
      grantee: this.pages,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [engageKillSwitch.function.functionArn],
    });
    const { signIn } = settings;
    readSecrets(this.pages, [
      sessionSecretArn,
      slack?.secretArn,
      signIn?.by === 'issuer' ? signIn.clientSecretArn : undefined,
    ]);
  }

  #signIn({ platform, publicBaseUrl, groups }: ApprovalPagesProps): Record<string, string> {
    const { signIn } = platform.settings;
    if (signIn === undefined) return {};
    if (signIn.by === 'user-pool') {
      const pool = new ApproverPool(this, 'Approvers', { platform, publicBaseUrl, groups });
      // Cognito knows no device authorization: there is no client for the command line.
      return {
        OIDC_ISSUER: pool.issuer,
        OIDC_CLIENT_ID: pool.clientId,
        OIDC_SCOPES: 'openid profile email',
        OIDC_GROUPS_CLAIM: 'cognito:groups',
        OIDC_IDENTITY_CLAIM: 'cognito:username',
        OIDC_ID_TOKEN_ALGORITHM: 'RS256',
      };
    }
    return {
      OIDC_ISSUER: signIn.issuer,
      OIDC_CLIENT_ID: signIn.clientId,
      ...(signIn.cliClientId === undefined ? {} : { OIDC_CLI_CLIENT_ID: signIn.cliClientId }),
      ...(signIn.clientSecretArn === undefined ? {} : { OIDC_CLIENT_SECRET_ARN: signIn.clientSecretArn }),
      OIDC_SCOPES: signIn.scopes,
      OIDC_GROUPS_CLAIM: signIn.groupsClaim,
      OIDC_IDENTITY_CLAIM: signIn.identityClaim,
      OIDC_ID_TOKEN_ALGORITHM: signIn.idTokenAlgorithm,
    };
  }

  /** @returns Its ARN. */
  #sessionSecret(platform: Platform): string {
    const secret = new Secret(this, 'SessionSecret', {
      description: 'Interlock: opens the sessions and signs the form tokens of the approval pages',
      encryptionKey: platform.dataKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: platform.removalPolicy,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Replacing it makes every open form out of date and ends each session at its next decision, so it is replaced by hand when there is a reason; the pages re-read it every five minutes.',
    });
    // Not `Ref`, which is the ARN in AWS and the name in the emulator; `Id` is the ARN in both.
    return (secret.node.defaultChild as CfnSecret).attrId;
  }
}
