import { describe, expect, test } from 'vitest';
import { parseStageSettings } from '../../infra/stage-settings.ts';

const secretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:interlock/slack-AbCdEf';
const issuer = { oidcIssuer: 'https://login.example.com/t', oidcClientId: 'pages' };

const mail = { notifyEmail: 'oncall@example.com' };
/** The settings of a cloud stage that reaches people by mail. */
const prod = (given: Readonly<Record<string, string>>) =>
  parseStageSettings({ stage: 'prod', ...mail, ...given });
/** What a stage with these settings is refused for. */
function faultsOf(given: Readonly<Record<string, string>>, stage = 'prod'): string {
  try {
    parseStageSettings({ stage, ...given });
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

describe('sign-in', () => {
  test('an issuer and a client are enough', () => {
    expect(prod(issuer).signIn).toEqual({
      by: 'issuer',
      issuer: 'https://login.example.com/t',
      clientId: 'pages',
      scopes: 'openid profile email',
      groupsClaim: 'groups',
      identityClaim: 'sub',
      idTokenAlgorithm: 'RS256',
    });
  });

  test('everything about the provider can be said', () => {
    const given = {
      ...issuer,
      oidcCliClientId: 'cli',
      oidcClientSecretArn: secretArn,
      oidcScopes: 'openid offline_access',
      oidcGroupsClaim: 'https://example.com/groups',
      oidcIdentityClaim: 'preferred_username',
      oidcIdTokenAlgorithm: 'ES256',
    };
    expect(prod(given).signIn).toEqual({
      by: 'issuer',
      issuer: 'https://login.example.com/t',
      clientId: 'pages',
      cliClientId: 'cli',
      clientSecretArn: secretArn,
      scopes: 'openid offline_access',
      groupsClaim: 'https://example.com/groups',
      identityClaim: 'preferred_username',
      idTokenAlgorithm: 'ES256',
    });
  });

  test('local mode need only say where its provider is', () => {
    const { signIn } = parseStageSettings({ stage: 'local', oidcIssuer: 'http://localhost:4100' });
    expect(signIn).toMatchObject({
      issuer: 'http://localhost:4100',
      clientId: 'interlock-pages',
      cliClientId: 'interlock-cli',
    });
  });

  test('a user pool can be made instead', () => {
    expect(prod({ createUserPool: 'true' }).signIn).toEqual({ by: 'user-pool' });
  });

  test.each(['RS256', 'PS256', 'ES256', 'Ed25519'])('%s may be pinned', (oidcIdTokenAlgorithm) => {
    expect(prod({ ...issuer, oidcIdTokenAlgorithm }).signIn).toMatchObject({
      idTokenAlgorithm: oidcIdTokenAlgorithm,
    });
  });

  test.each([
    [{ ...issuer, createUserPool: 'true' }, 'leave out oidcIssuer, oidcClientId'],
    [{ createUserPool: 'true', oidcGroupsClaim: 'groups' }, 'leave out oidcGroupsClaim'],
    [{ createUserPool: 'false' }, 'createUserPool: may only be true'],
    [{ oidcClientId: 'pages' }, 'oidcClientId: says nothing without oidcIssuer'],
    [{ oidcScopes: 'openid' }, 'oidcScopes: says nothing without oidcIssuer'],
    [{ oidcIssuer: 'https://login.example.com' }, 'oidcClientId: is missing'],
    [{ ...issuer, oidcIssuer: 'http://login.example.com' }, 'oidcIssuer: must start with https://'],
    [{ ...issuer, oidcIssuer: 'http://localhost:4100' }, 'oidcIssuer: must start with https://'],
    [{ ...issuer, oidcIssuer: 'javascript:alert(1)' }, 'oidcIssuer'],
    [{ ...issuer, oidcIssuer: 'login.example.com' }, 'oidcIssuer'],
    [{ ...issuer, oidcIssuer: 'https://a:b@login.example.com' }, 'oidcIssuer: must have no query'],
    [{ ...issuer, oidcIssuer: 'https://login.example.com?a=b' }, 'oidcIssuer: must have no query'],
    [{ ...issuer, oidcIssuer: 'https://login.example.com/#a' }, 'oidcIssuer: must have no query'],
    [
      { ...issuer, oidcIssuer: 'https://login.example.com/.well-known/openid-configuration' },
      'oidcIssuer: must be the issuer',
    ],
    [{ ...issuer, oidcClientId: 'a b' }, 'oidcClientId'],
    [{ ...issuer, oidcCliClientId: 'pages' }, 'oidcCliClientId: must be a client of its own'],
    [{ ...issuer, oidcClientSecretArn: 'hunter2' }, 'oidcClientSecretArn: must be the complete ARN'],
    [{ ...issuer, oidcClientSecretArn: secretArn.slice(0, -7) }, 'oidcClientSecretArn: must be the complete'],
    [{ ...issuer, oidcClientSecretArn: `${secretArn.slice(0, -7)}*` }, 'oidcClientSecretArn'],
    [{ ...issuer, oidcScopes: 'profile email' }, 'oidcScopes: must contain openid'],
    [{ ...issuer, oidcScopes: 'openid_' }, 'oidcScopes: must contain openid'],
    [{ ...issuer, oidcScopes: 'openid,email' }, 'oidcScopes: must contain openid'],
    [{ ...issuer, oidcGroupsClaim: '' }, 'oidcGroupsClaim'],
    [{ ...issuer, oidcIdentityClaim: 'the sub' }, 'oidcIdentityClaim'],
    [{ ...issuer, oidcIdTokenAlgorithm: 'none' }, 'oidcIdTokenAlgorithm'],
    [{ ...issuer, oidcIdTokenAlgorithm: 'HS256' }, 'oidcIdTokenAlgorithm'],
    [{ ...issuer, oidcClientSecret: 'x' }, 'oidcClientSecret'],
  ])('a cloud stage refuses %j', (given, fault) => {
    expect(faultsOf(given)).toContain(fault);
  });

  test('a stage on the emulator makes no user pool', () => {
    expect(faultsOf({ createUserPool: 'true' }, 'local')).toContain('createUserPool: is for cloud stages');
  });
});

describe('the public address', () => {
  test('is an origin, with or without the slash', () => {
    expect(prod({ publicBaseUrl: 'https://approvals.example.com/' }).publicBaseUrl).toBe(
      'https://approvals.example.com',
    );
    expect(prod({ publicBaseUrl: 'https://approvals.example.com:8443' }).publicBaseUrl).toBe(
      'https://approvals.example.com:8443',
    );
  });

  test.each([
    ['https://approvals.example.com/pages', 'must be an origin'],
    ['https://approvals.example.com/?a', 'must be an origin'],
    ['https://me@approvals.example.com', 'must be an origin'],
    ['http://approvals.example.com', 'must start with https://'],
  ])('%s is none', (publicBaseUrl, fault) => {
    expect(faultsOf({ publicBaseUrl })).toContain(`publicBaseUrl: ${fault}`);
  });
});

describe('channels', () => {
  test('as they are named', () => {
    const given = {
      slackChannel: 'C0123456789',
      slackSecretArn: secretArn,
      webhookSecretArn: secretArn,
      notifyEmail: 'oncall@example.com',
    };
    expect(prod(given).channels).toEqual({
      slack: { channel: 'C0123456789', secretArn },
      webhookSecretArn: secretArn,
      notifyEmail: 'oncall@example.com',
    });
  });

  test.each([
    ['mail', mail],
    ['Slack', { slackChannel: 'C0123456789', slackSecretArn: secretArn }],
    ['a webhook', { webhookSecretArn: secretArn }],
  ])('%s alone is enough for a cloud stage', (_channel, given) => {
    expect(faultsOf(given)).toBe('none');
  });

  test.each(['dev', 'test', 'prod'])(
    'stage %s is refused without any: nobody would hear anything',
    (stage) => {
      expect(faultsOf({}, stage)).toMatch(
        /notifyEmail: is missing, and so is every other channel: .*; give notifyEmail, or slackChannel and slackSecretArn, or webhookSecretArn$/,
      );
    },
  );

  test('stage local needs none: nobody sleeps while it runs', () => {
    expect(faultsOf({}, 'local')).toBe('none');
  });

  test('half a channel is named for what it lacks alone', () => {
    expect(faultsOf({ slackChannel: 'C0123456789' })).toBe(
      'cannot read the stage settings: slackSecretArn: is missing: Slack takes channel and secret',
    );
  });

  test('Slack may be played by somebody else in local mode only', () => {
    const given = {
      slackChannel: 'C0123456789',
      slackSecretArn: secretArn,
      slackApiUrl: 'http://127.0.0.1:9100',
    };
    const { channels } = parseStageSettings({ stage: 'local', ...given });
    expect(channels.slack?.apiUrl).toBe('http://127.0.0.1:9100');
    expect(faultsOf(given)).toContain('slackApiUrl: is for stage local only');
  });

  test.each([
    [{ slackChannel: 'C0123456789' }, 'slackSecretArn: is missing'],
    [{ slackSecretArn: secretArn }, 'slackChannel: is missing'],
    [{ slackChannel: '#oncall', slackSecretArn: secretArn }, 'slackChannel: must be the id'],
    [{ slackChannel: 'C0123456789', slackSecretArn: 'xoxb-1-2' }, 'slackSecretArn: must be the complete ARN'],
    [{ webhookSecretArn: 'https://hooks.example.com/x' }, 'webhookSecretArn: must be the complete ARN'],
    [{ notifyEmail: 'oncall' }, 'notifyEmail'],
  ])('%j is refused', (given, fault) => {
    expect(faultsOf(given)).toContain(fault);
  });

  test('what is refused is named, never repeated: a secret given by mistake stays out of the log', () => {
    expect(faultsOf({ slackChannel: 'C0123456789', slackSecretArn: 'xoxb-1-2' })).not.toContain('xoxb');
    expect(faultsOf({ webhookSecretArn: 'https://hooks.example.com/x' })).not.toContain('hooks.example');
  });
});
