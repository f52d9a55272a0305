import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putParameter } from '../../../functions/change/actions/ssm-put-parameter/definition.ts';
import {
  safeguardParts,
  safeguardWords,
} from '../../../functions/change/actions/ssm-put-parameter/safeguard-name.ts';

const tierOf = (name: string, fromValue = 'true', toValue = 'false') =>
  putParameter.tier({ name, fromValue, toValue });

describe('the tier of a parameter', () => {
  it.each([
    '/checkout/flags/new-pricing',
    '/checkout/flags/newPricing',
    '/checkout/flags/NEW_PRICING',
    '/checkout/flags/beta',
    '/shop/flags/gift-wrap',
    '/shop/flags/hot-products',
    '/shop/flags/v2-fast-search',
    '/payments/flags/new-receipt',
    '/checkout/eu-west-1/production/feature-flags/new-pricing',
    '/flag',
    // With a short word of a safeguard inside another word.
    '/checkout/flags/free-shipping',
    '/checkout/flags/newSpinner',
    '/shop/flags/summer-banner',
    '/shop/flags/bannerTop',
    '/shop/flags/lessons',
    '/shop/flags/waffles',
    '/shop/flags/controlledRollout',
    '/shop/flags/oracleSync',
    '/shop/flags/bottom-bar',
  ])('is low for the flag %s', (name) => {
    expect(tierOf(name)).toBe('low');
  });

  it.each([
    '/checkout/flags/require-login',
    '/checkout/flags/requireLogin',
    '/checkout/flags/REQUIRE_LOGIN',
    '/checkout/flags/logIn.required',
    '/checkout/flags/sign-in',
    '/checkout/fraud-check',
    '/checkout/flags/fraudcheck',
    '/checkout/flags/MFAEnabled',
    '/checkout/flags/require-2fa',
    '/checkout/flags/require2FA',
    '/checkout/flags/otp',
    '/checkout/flags/oAuth',
    '/auth/flags/beta',
    '/checkout/flags/csrfTokens',
    '/checkout/flags/strict-cors',
    '/checkout/flags/tls_only',
    '/checkout/flags/force.SSL',
    '/checkout/flags/encryptAtRest',
    '/checkout/flags/reCaptcha',
    '/checkout/flags/check-permissions',
    '/checkout/flags/admin-only',
    '/checkout/flags/InsecureMode',
    '/checkout/flags/rateLimit',
    '/checkout/flags/throttling',
    '/checkout/flags/order-quotas',
    '/checkout/flags/verify-signatures',
    '/edge/flags/waf',
    '/edge/flags/useWAF',
    '/edge/flags/WAFRules',
    '/edge/firewall-on',
    '/edge/flags/allow_list',
    '/edge/flags/blockTor',
    '/edge/flags/deny-unknown',
    '/edge/flags/ban-repeaters',
    '/edge/flags/BANNED_IPS',
    '/edge/flags/ACLs',
    '/edge/flags/strictACLsOnly',
    '/shop/flags/role-checks',
    '/shop/flags/checkRoles',
    '/shop/sso/beta',
    '/shop/flags/requireSSO2',
    '/shop/flags/saml',
    '/shop/flags/oidcOnly',
    '/shop/flags/jwtExpiry',
    '/bank/flags/askPIN',
    '/bank/flags/two-step',
    '/bank/flags/twoStep',
    '/bank/flags/kyc',
    '/bank/flags/enable3ds',
    '/bank/flags/sanctionsScreening',
    '/shop/flags/tenant-isolation',
    '/shop/flags/sanitizeHtml',
    '/shop/flags/CSP',
    '/shop/flags/hsts',
    '/shop/flags/virusScan',
    '/shop/flags/mask-cards',
    '/shop/flags/needs-approval',
    '/shop/flags/dryRun',
    '/shop/flags/dry-run',
  ])('is medium for the safeguard %s', (name) => {
    expect(tierOf(name)).toBe('medium');
    expect(tierOf(name, 'off', 'on'), 'switched on again').toBe('medium');
  });

  it.each([
    ['autumn', 'summer'],
    ['on', 'summer'],
    ['autumn', 'off'],
    ['TRUE', 'FALSE'],
    ['1', '0'],
    ['', 'off'],
  ])('is medium for what is no switch of a flag: %j to %j', (fromValue, toValue) => {
    expect(tierOf('/checkout/flags/new-pricing', fromValue, toValue)).toBe('medium');
  });

  it('is never low for a name with one of the short words between other words', () => {
    const capital = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1)}`;
    const part = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(part, fc.constantFrom(...safeguardWords), part, (before, word, after) => {
        for (const name of [
          `${before}-${word}-${after}`,
          `${before}.${word}s`,
          `${before.toUpperCase()}_${word.toUpperCase()}_${after.toUpperCase()}`,
          `${before}${capital(word)}${capital(after)}`,
          `${before}${word.toUpperCase()}`,
          `${word}${capital(after)}`,
          `${word}/${after}`,
        ]) {
          expect(tierOf(`/shop/${name}`), name).toBe('medium');
        }
      }),
    );
  });

  it('is never low for a name with one of the parts in it, wherever and however it is written', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_.-]{0,8}$/);
    const spelt = fc
      .constantFrom(...safeguardParts)
      .chain((word) => fc.constantFrom(word, word.toUpperCase(), word.replaceAll('-', '_')));
    fc.assert(
      fc.property(part, spelt, part, fc.boolean(), (before, word, after, isFolder) => {
        const name = `/checkout/${before}${word}${after}${isFolder ? '/flag' : ''}`;
        expect(tierOf(name)).toBe('medium');
      }),
    );
  });

  it('is said in words, with every word that counts', () => {
    for (const word of [...safeguardParts, ...safeguardWords])
      expect(putParameter.tierRule).toContain(`\`${word}\``);
  });
});
