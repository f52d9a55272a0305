import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putParameter } from '../../../functions/change/actions/ssm-put-parameter/definition.ts';
import { safeguardWords } from '../../../functions/change/actions/ssm-put-parameter/safeguard-name.ts';

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

  it('is never low for a name with one of the words in it, wherever and however it is written', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_.-]{0,8}$/);
    const spelt = fc
      .constantFrom(...safeguardWords)
      .chain((word) => fc.constantFrom(word, word.toUpperCase(), word.replaceAll('-', '_')));
    fc.assert(
      fc.property(part, spelt, part, fc.boolean(), (before, word, after, isFolder) => {
        const name = `/checkout/${before}${word}${after}${isFolder ? '/flag' : ''}`;
        expect(tierOf(name)).toBe('medium');
      }),
    );
  });

  it('is said in words, with every word that counts', () => {
    for (const word of safeguardWords) expect(putParameter.tierRule).toContain(`\`${word}\``);
  });
});
