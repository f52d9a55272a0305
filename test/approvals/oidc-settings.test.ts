import { describe, expect, it } from 'vitest';
import { identityFrom } from '../../functions/approvals/sign-in/oidc-claims.ts';
import { type OidcVariables, oidcSettings } from '../../functions/approvals/sign-in/oidc-settings.ts';

const least: OidcVariables = {
  OIDC_ISSUER: 'https://login.example/tenant/v2.0',
  OIDC_CLIENT_ID: 'interlock-pages',
  PUBLIC_BASE_URL: 'https://approvals.example',
  ENVIRONMENT: 'prod',
};

describe('settings of the identity provider', () => {
  it('need an issuer, a client and our own address', () => {
    expect(oidcSettings(least)).toStrictEqual({
      issuer: 'https://login.example/tenant/v2.0',
      clientId: 'interlock-pages',
      scopes: 'openid profile email',
      groupsClaim: 'groups',
      identityClaim: 'sub',
      idTokenAlgorithm: 'RS256',
      redirectUri: 'https://approvals.example/sign-in/callback',
      insecure: false,
    });
  });

  it('may say everything else', () => {
    expect(
      oidcSettings({
        ...least,
        OIDC_CLI_CLIENT_ID: 'interlock-cli',
        OIDC_CLIENT_SECRET_ARN: 'arn:secret',
        OIDC_SCOPES: 'openid',
        OIDC_GROUPS_CLAIM: 'cognito:groups',
        OIDC_IDENTITY_CLAIM: 'email',
        OIDC_ID_TOKEN_ALGORITHM: 'ES256',
        PUBLIC_BASE_URL: 'https://ops.example/interlock',
      }),
    ).toMatchObject({
      cliClientId: 'interlock-cli',
      clientSecretArn: 'arn:secret',
      scopes: 'openid',
      groupsClaim: 'cognito:groups',
      identityClaim: 'email',
      idTokenAlgorithm: 'ES256',
      redirectUri: 'https://ops.example/interlock/sign-in/callback',
    });
  });

  it.each(['RS256', 'PS256', 'ES256', 'Ed25519'])('may pin %s', (algorithm) => {
    expect(oidcSettings({ ...least, OIDC_ID_TOKEN_ALGORITHM: algorithm })?.idTokenAlgorithm).toBe(algorithm);
  });

  it.each([undefined, ''])('are none without an issuer: %j', (issuer) => {
    expect(oidcSettings({ ...least, OIDC_ISSUER: issuer })).toBeUndefined();
  });

  it.each<[string, Partial<OidcVariables>, string]>([
    ['plain http to the provider', { OIDC_ISSUER: 'http://login.example' }, 'OIDC_ISSUER'],
    ['plain http to a local address', { OIDC_ISSUER: 'http://localhost:9000' }, 'OIDC_ISSUER'],
    ['another scheme', { OIDC_ISSUER: 'ftp://login.example' }, 'OIDC_ISSUER'],
    ['no address', { OIDC_ISSUER: 'login.example' }, 'OIDC_ISSUER'],
    ['a password', { OIDC_ISSUER: 'https://u:p@login.example' }, 'OIDC_ISSUER'],
    ['a query', { OIDC_ISSUER: 'https://login.example?x=1' }, 'OIDC_ISSUER'],
    ['a fragment', { OIDC_ISSUER: 'https://login.example#x' }, 'OIDC_ISSUER'],
    [
      'the address of a document',
      { OIDC_ISSUER: 'https://login.example/.well-known/openid-configuration' },
      'OIDC_ISSUER',
    ],
    ['no client', { OIDC_CLIENT_ID: '' }, 'OIDC_CLIENT_ID'],
    ['no address of our own', { PUBLIC_BASE_URL: undefined }, 'PUBLIC_BASE_URL'],
    ['plain http to us', { PUBLIC_BASE_URL: 'http://approvals.example' }, 'PUBLIC_BASE_URL'],
    ['no signature', { OIDC_ID_TOKEN_ALGORITHM: 'none' }, 'OIDC_ID_TOKEN_ALGORITHM'],
    ['a shared secret as key', { OIDC_ID_TOKEN_ALGORITHM: 'HS256' }, 'OIDC_ID_TOKEN_ALGORITHM'],
  ])('are refused with %s', (_case, overrides, named) => {
    expect(() => oidcSettings({ ...least, ...overrides })).toThrow(named);
  });

  it('may use plain http in a local stage', () => {
    const local = {
      ...least,
      OIDC_ISSUER: 'http://localhost:9000',
      PUBLIC_BASE_URL: 'http://localhost:4566',
      ENVIRONMENT: 'local',
    };
    expect(oidcSettings(local)).toMatchObject({
      issuer: 'http://localhost:9000',
      redirectUri: 'http://localhost:4566/sign-in/callback',
      insecure: true,
    });
  });
});

describe('who a token speaks of', () => {
  const names = { identityClaim: 'sub', groupsClaim: 'groups' };
  const mail = { identityClaim: 'email', groupsClaim: 'groups' };

  it.each<[string, Record<string, unknown>, object]>([
    [
      'a name, groups',
      { sub: 'ana', name: 'Ana', groups: ['a', 'b'] },
      { id: 'ana', displayName: 'Ana', groups: ['a', 'b'] },
    ],
    ['no name', { sub: 'ana' }, { id: 'ana', displayName: 'ana', groups: [] }],
    [
      'another name',
      { sub: 'ana', preferred_username: 'ana.d' },
      { id: 'ana', displayName: 'ana.d', groups: [], aliases: ['ana.d'] },
    ],
    [
      'an empty name',
      { sub: 'ana', name: ' ', email: 'a@x.example' },
      { id: 'ana', displayName: 'a@x.example', groups: [] },
    ],
    [
      'a name that turns the line',
      { sub: 'ana', name: 'A\u202eB\n C' },
      { id: 'ana', displayName: 'A⟨U+202E⟩B C', groups: [] },
    ],
    [
      'one group without a list',
      { sub: 'ana', groups: 'a' },
      { id: 'ana', displayName: 'ana', groups: ['a'] },
    ],
    [
      'groups that are none',
      { sub: 'ana', groups: [1, null, '', {}, ['a'], 'x'.repeat(257), 'b'] },
      { id: 'ana', displayName: 'ana', groups: ['b'] },
    ],
    [
      'groups elsewhere, because there are too many',
      { sub: 'ana', _claim_names: { groups: 'src1' } },
      { id: 'ana', displayName: 'ana', groups: [] },
    ],
  ])('%s', (_case, claims, identity) => {
    expect(identityFrom(claims, names)).toStrictEqual({ aliases: [], ...identity });
  });

  it.each<[string, Record<string, unknown>, typeof names]>([
    ['no claim', {}, names],
    ['a number', { sub: 7 }, names],
    ['nothing in it', { sub: '' }, names],
    ['a blank at its end', { sub: 'ana ' }, names],
    ['an invisible character', { sub: 'a\u200bna' }, names],
    ['a line break', { sub: 'an\na' }, names],
    ['257 characters', { sub: 'a'.repeat(257) }, names],
    ['an address nobody verified', { email: 'ana@x.example' }, mail],
    ['an address that failed verification', { email: 'ana@x.example', email_verified: false }, mail],
    ['an address verified in words', { email: 'ana@x.example', email_verified: 'true' }, mail],
    ['a claim that every object has', {}, { identityClaim: 'constructor', groupsClaim: 'groups' }],
  ])('nobody: %s', (_case, claims, which) => {
    expect(identityFrom(claims, which)).toBeUndefined();
  });

  it('a verified address, a name of 256 characters, and no more than 500 groups', () => {
    expect(identityFrom({ email: 'ana@x.example', email_verified: true }, mail)?.id).toBe('ana@x.example');
    expect(identityFrom({ sub: 'a'.repeat(256) }, names)?.id).toHaveLength(256);
    const groups = Array.from({ length: 501 }, (_none, index) => `g${index}`);
    expect(identityFrom({ sub: 'ana', groups }, names)?.groups).toStrictEqual(groups.slice(0, 500));
    expect(identityFrom({ sub: 'ana' }, { ...names, groupsClaim: 'toString' })?.groups).toStrictEqual([]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'everything that providers call people',
      {
        email: 'ana@corp.example',
        email_verified: true,
        preferred_username: 'ana.d',
        upn: 'ana.d@corp.example',
        oid: '7f3c',
        'cognito:username': 'aduarte',
      },
      ['ana@corp.example', 'ana.d', 'ana.d@corp.example', '7f3c', 'aduarte'],
    ],
    ['an address nobody verified', { email: 'ana@corp.example' }, []],
    ['an address verified in words', { email: 'ana@corp.example', email_verified: 'true' }, []],
    ['one name twice, in other letters', { preferred_username: 'Ana.D', upn: 'ana.d' }, ['Ana.D']],
    ['the name that counts anyway', { preferred_username: 'ANA' }, []],
    ['blanks around it', { upn: ' ana.d\n' }, ['ana.d']],
    ['nothing, a number and a list', { upn: ' ', oid: 7, preferred_username: ['ana.d'] }, []],
    ['256 characters', { upn: 'a'.repeat(256) }, ['a'.repeat(256)]],
    ['257 characters', { upn: 'a'.repeat(257) }, []],
    ['a claim that is none of these', { nickname: 'ana.d', unique_name: 'ana.d' }, []],
  ])('and what else they are called: %s', (_case, claims, aliases) => {
    expect(identityFrom({ sub: 'ana', ...claims }, names)?.aliases).toStrictEqual(aliases);
  });
});
