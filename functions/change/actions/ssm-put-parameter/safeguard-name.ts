/**
 * What a parameter's name says, in lower case, when it switches a safeguard rather than a feature: who gets in, what
 * keeps attackers out, how much is let through, what is looked at first, and what is owed to the people whose data
 * it is. Beginnings of words, so that `secur` finds `security` and `insecure`.
 */
export const safeguardParts: readonly string[] = [
  'auth login log-in signin sign-in session token password otp mfa 2fa factor captcha permission access admin',
  'two-step twostep saml oidc jwt rbac lockout allow block deny denied whitelist blacklist',
  'secur fraud csrf cors tls ssl crypt verif valid signature protect',
  'firewall hsts sanit isolat virus malware spam quarantin kyc 3ds sanction',
  'limit throttl quota breaker guard kill-switch killswitch',
  'approv moderat dry-run dryrun',
  'privacy consent redact mask',
].flatMap((group) => group.split(' '));

/** The same for short words, which count by themselves alone: `pin` is no part of `shipping`, `ban` none of `banner`. */
export const safeguardWords: readonly string[] = 'acl ban banned bot csp iam pii pin role sso waf'.split(' ');

const aSafeguardWord = new RegExp(`(?<![a-z])(?:${safeguardWords.join('|')})s?(?![a-z])`);

/**
 * Whether a name speaks of a safeguard: one of {@link safeguardParts} anywhere in its path, however it is written,
 * or one of {@link safeguardWords} as a word of it. Wide on purpose: a harmless flag that is taken for one costs an
 * approval (`/shop/author` is no safeguard), the other way round a login is switched off with nobody asked.
 */
export function speaksOfSafeguard(name: string): boolean {
  const spelt = name.toLowerCase().replaceAll(/[_.]/g, '-');
  return safeguardParts.some((part) => spelt.includes(part)) || aSafeguardWord.test(wordsOf(name));
}

/** In lower case, with a hyphen wherever a word begins: `useSSOForACLs` is `use-sso-for-acls`. */
function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z])([A-Z](?!s(?![a-z]))[a-z])/g, '$1-$2')
    .toLowerCase();
}
