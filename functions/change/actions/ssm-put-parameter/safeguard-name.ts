/**
 * What a parameter's name says, in lower case, when it switches a safeguard rather than a feature: who gets in, what
 * keeps attackers out, how much is let through, and what is owed to the people whose data it is. Beginnings of
 * words, so that `secur` finds `security` and `insecure`.
 */
export const safeguardWords: readonly string[] = [
  'auth login log-in signin sign-in session token password otp mfa 2fa factor captcha permission access admin',
  'secur fraud csrf cors tls ssl crypt verif valid signature protect',
  'limit throttl quota breaker guard',
  'privacy consent redact',
].flatMap((group) => group.split(' '));

/**
 * Whether a name speaks of a safeguard: one of {@link safeguardWords} anywhere in its path, however it is written.
 * Wide on purpose: a harmless flag that is taken for one costs an approval (`/shop/author` is no safeguard), the
 * other way round a login is switched off with nobody asked.
 */
export function speaksOfSafeguard(name: string): boolean {
  const spelt = name.toLowerCase().replaceAll(/[_.]/g, '-');
  return safeguardWords.some((word) => spelt.includes(word));
}
