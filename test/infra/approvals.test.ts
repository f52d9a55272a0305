import { beforeAll, describe, expect, test } from 'vitest';
import { type Stage, stages } from '../../infra/stage-settings.ts';
import { synthesis } from './synthesis.ts';
import {
  type CloudTemplate,
  functionNamed,
  permissionsOf,
  readable,
  resourceAt,
  resourcesOf,
  roleIdOf,
} from './template.ts';

const templates = {} as Record<Stage, CloudTemplate>;
beforeAll(async () => {
  for (const stage of stages) templates[stage] = (await synthesis(stage)).template;
});

const secret = (name: string) => `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-AbCdEf`;
const apiUrl = '<Approvals/Api/HttpApi.ApiEndpoint>';
const pool = '<Approvals/Pages/Approvers/Pool.ProviderURL>';
const client = '<Approvals/Pages/Approvers/Pool/Pages>';

/** The variables of these names; those that a function does not have are left out. */
function variables(stage: Stage, name: 'approval-pages' | 'approval-notices', wanted: RegExp) {
  const { Properties } = functionNamed(templates[stage], name);
  return Object.fromEntries(
    Object.entries(Properties.Environment.Variables)
      .filter(([variable]) => wanted.test(variable))
      .map(([variable, value]) => [variable, readable(templates[stage], value)]),
  );
}

describe('the address', () => {
  test.each([
    ['local', 'http://localhost:4000'],
    ['dev', apiUrl],
    ['test', 'https://approvals.example.com'],
    ['prod', apiUrl],
  ] as const)('in %s pages and notices say %s', (stage, expected) => {
    for (const name of ['approval-pages', 'approval-notices'] as const) {
      expect(variables(stage, name, /^PUBLIC_BASE_URL$/)).toEqual({ PUBLIC_BASE_URL: expected });
    }
  });

  test.each(stages)('%s has no circle, although the pages are told where they are', (stage) => {
    expect(circleIn(templates[stage])).toBeUndefined();
  });

  test('a circle would be found', () => {
    const Resources = {
      Api: { Type: 'X', Properties: { target: { 'Fn::GetAtt': ['Pages', 'Arn'] } } },
      Pages: { Type: 'X', Properties: { url: { 'Fn::Join': ['', ['https://', { Ref: 'Api' }]] } } },
    };
    expect(circleIn({ Resources, Outputs: {} })).toEqual(['Api', 'Pages', 'Api']);
  });

  test('every request goes to the pages, at most so many in a second', () => {
    const template = templates.prod;
    const [route, ...others] = resourcesOf(template, 'AWS::ApiGatewayV2::Route');
    expect(others).toEqual([]);
    expect(route?.Properties.RouteKey).toBe('$default');
    const [integration] = resourcesOf(template, 'AWS::ApiGatewayV2::Integration');
    expect(JSON.stringify(route?.Properties.Target)).toContain(`"${integration?.logicalId}"`);
    expect(readable(template, integration?.Properties.IntegrationUri)).toBe(
      `<${functionNamed(template, 'approval-pages').path}>`,
    );
    const [stage] = resourcesOf(template, 'AWS::ApiGatewayV2::Stage');
    expect(stage?.Properties.DefaultRouteSettings).toEqual({
      ThrottlingBurstLimit: 100,
      ThrottlingRateLimit: 50,
    });
  });
});

describe('sign-in', () => {
  test.each([
    ['prod', {}],
    [
      'local',
      {
        OIDC_ISSUER: 'http://localhost:4100',
        OIDC_CLIENT_ID: 'interlock-pages',
        OIDC_CLI_CLIENT_ID: 'interlock-cli',
        OIDC_SCOPES: 'openid profile email',
        OIDC_GROUPS_CLAIM: 'groups',
        OIDC_IDENTITY_CLAIM: 'sub',
        OIDC_ID_TOKEN_ALGORITHM: 'RS256',
      },
    ],
    [
      'test',
      {
        OIDC_ISSUER: 'https://login.example.com',
        OIDC_CLIENT_ID: 'pages',
        OIDC_CLI_CLIENT_ID: 'cli',
        OIDC_CLIENT_SECRET_ARN: secret('oidc'),
        OIDC_SCOPES: 'openid offline_access',
        OIDC_GROUPS_CLAIM: 'roles',
        OIDC_IDENTITY_CLAIM: 'sub',
        OIDC_ID_TOKEN_ALGORITHM: 'ES256',
      },
    ],
    [
      'dev',
      {
        OIDC_ISSUER: pool,
        OIDC_CLIENT_ID: client,
        OIDC_SCOPES: 'openid profile email',
        OIDC_GROUPS_CLAIM: 'cognito:groups',
        OIDC_IDENTITY_CLAIM: 'cognito:username',
        OIDC_ID_TOKEN_ALGORITHM: 'RS256',
      },
    ],
  ] as const)('the pages of %s know their provider', (stage, expected) => {
    expect(variables(stage, 'approval-pages', /^(OIDC|LOCAL)_/)).toEqual(expected);
  });

  test('a user pool exists where somebody asked for one', () => {
    const counts = stages.map((stage) => resourcesOf(templates[stage], 'AWS::Cognito::UserPool').length);
    expect(Object.fromEntries(stages.map((stage, index) => [stage, counts[index]]))).toEqual({
      local: 0,
      dev: 1,
      test: 0,
      prod: 0,
    });
  });
});

describe('the user pool', () => {
  const only = (type: string) => {
    const found = resourcesOf(templates.dev, type);
    expect(found).toHaveLength(1);
    return found[0];
  };

  test('takes nobody who was not added, and nobody without a second factor', () => {
    const made = only('AWS::Cognito::UserPool');
    expect(made?.Properties).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      Policies: {
        PasswordPolicy: {
          MinimumLength: 14,
          RequireLowercase: true,
          RequireNumbers: true,
          RequireSymbols: true,
          RequireUppercase: true,
        },
      },
      UserPoolAddOns: { AdvancedSecurityMode: 'ENFORCED' },
      UserPoolTier: 'PLUS',
      UsernameConfiguration: { CaseSensitive: false },
      DeletionProtection: 'ACTIVE',
    });
    // Nobody signs in by what they may change themselves.
    expect(made?.Properties.UsernameAttributes).toBeUndefined();
    expect(made?.Properties.AliasAttributes).toBeUndefined();
    expect([made?.DeletionPolicy, made?.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  });

  test('has the pages for its one client: by code, back to the pages, and no sign-in by API', () => {
    const { Properties } = only('AWS::Cognito::UserPoolClient') ?? {};
    expect(Properties.AllowedOAuthFlows).toEqual(['code']);
    expect(Properties.AllowedOAuthScopes).toEqual(['openid', 'profile', 'email']);
    expect(Properties.ExplicitAuthFlows).toEqual(['ALLOW_REFRESH_TOKEN_AUTH']);
    expect(Properties.GenerateSecret).toBe(false);
    expect(Properties.CallbackURLs.map((url: unknown) => readable(templates.dev, url))).toEqual([
      `${apiUrl}/sign-in/callback`,
    ]);
    expect(Properties.LogoutURLs.map((url: unknown) => readable(templates.dev, url))).toEqual([`${apiUrl}/`]);
    expect([Properties.IdTokenValidity, Properties.RefreshTokenValidity]).toEqual([5, 60]);
  });

  test('has a domain and the groups that are granted something', () => {
    const { Properties } = only('AWS::Cognito::UserPoolDomain') ?? {};
    expect(readable(templates.dev, Properties.Domain)).toBe('interlock-dev-<AWS::AccountId>');
    const groups = resourcesOf(templates.dev, 'AWS::Cognito::UserPoolGroup');
    expect(groups.map((group) => group.Properties.GroupName)).toEqual([
      'incident-approvers',
      'incident-leads',
    ]);
  });
});

describe('channels', () => {
  test.each([
    ['prod', {}, {}],
    [
      'dev',
      {
        SLACK_CHANNEL: 'C0123456789',
        SLACK_SECRET_ARN: secret('slack'),
        WEBHOOK_SECRET_ARN: secret('teams'),
      },
      { SLACK_SECRET_ARN: secret('slack') },
    ],
  ] as const)('notices and pages of %s know what is configured', (stage, ofNotices, ofPages) => {
    expect(variables(stage, 'approval-notices', /^(SLACK|WEBHOOK)_/)).toEqual(ofNotices);
    expect(variables(stage, 'approval-pages', /^(SLACK|WEBHOOK)_/)).toEqual(ofPages);
  });

  test.each([
    ['prod', 'approval-pages', ['<Approvals/Pages/SessionSecret.Id>']],
    ['prod', 'approval-notices', []],
    ['dev', 'approval-pages', ['<Approvals/Pages/SessionSecret.Id>', secret('slack')]],
    ['dev', 'approval-notices', [secret('slack'), secret('teams')]],
    ['test', 'approval-pages', ['<Approvals/Pages/SessionSecret.Id>', secret('oidc')]],
    ['test', 'approval-notices', []],
  ] as const)('in %s %s reads exactly its secrets', (stage, name, expected) => {
    const template = templates[stage];
    const reads = permissionsOf(template, roleIdOf(functionNamed(template, name)))
      .filter((line) => line.startsWith('secretsmanager:'))
      .map((line) => line.replace('secretsmanager:GetSecretValue on ', ''));
    expect(reads).toEqual([...expected].toSorted());
  });

  test('an address is subscribed to the topic where one is named', () => {
    const { Properties } = resourcesOf(templates.dev, 'AWS::SNS::Subscription')[0] ?? {};
    expect(Properties).toMatchObject({ Protocol: 'email', Endpoint: 'oncall@example.com' });
    expect(readable(templates.dev, Properties.TopicArn)).toBe('<Platform/PersonTopic>');
    expect(resourcesOf(templates.local, 'AWS::SNS::Subscription')).toEqual([]);
  });

  test('who asks for an approval knows neither topic nor address', () => {
    const { Properties } = functionNamed(templates.dev, 'request-approval');
    expect(Object.keys(Properties.Environment.Variables).toSorted()).toEqual([
      'APPROVAL_KEY_ARN',
      'APPROVAL_SECONDS',
      'ARTEFACT_VERSION',
      'ENVIRONMENT',
      'LEDGER_TABLE',
      'OPERATIONS_TABLE',
      'POLICY_DIGEST',
      'VERDICT_SECONDS',
    ]);
    expect(resourceAt(templates.dev, 'AWS::SNS::Topic', 'Platform/PersonTopic')).toBeDefined();
  });
});

/** Resources that wait for one another to be made, or nothing: CloudFormation would refuse the template. */
function circleIn(template: CloudTemplate): string[] | undefined {
  const needs = new Map(
    Object.entries(template.Resources).map(([logicalId, resource]) => [
      logicalId,
      referred(resource, template),
    ]),
  );
  const done = new Set<string>();
  const walk = (logicalId: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(logicalId)) return [...trail.slice(trail.indexOf(logicalId)), logicalId];
    if (done.has(logicalId)) return undefined;
    for (const next of needs.get(logicalId) ?? []) {
      const circle = walk(next, [...trail, logicalId]);
      if (circle !== undefined) return circle;
    }
    done.add(logicalId);
    return undefined;
  };
  for (const logicalId of needs.keys()) {
    const circle = walk(logicalId, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** What `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn` name, as far as it is a resource. */
function referred(value: unknown, template: CloudTemplate): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    const texts = JSON.stringify(argument)?.match(/\w+/g) ?? [];
    const named = ['Ref', 'Fn::GetAtt', 'Fn::Sub', 'DependsOn'].includes(name) ? texts : [];
    const found = named.filter((text) => Object.hasOwn(template.Resources, text));
    return [...found, ...referred(argument, template)];
  });
}
