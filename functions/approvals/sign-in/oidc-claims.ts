import { type Identity, samePerson } from '../authority.ts';
import { showUntrusted } from '../untrusted-text.ts';

/** The claims of a verified ID token. */
export type Claims = Readonly<Record<string, unknown>>;

/** Which claims say who somebody is. */
export interface ClaimNames {
  readonly identityClaim: string;
  readonly groupsClaim: string;
}

const identityMaxCharacters = 256;
const displayNameMaxCharacters = 128;
/** More than any provider puts into a token; the session item must not outgrow its table. */
const groupsAtMost = 500;
/** What providers call a person besides; an e-mail address only once it is verified. */
const aliasClaims = ['preferred_username', 'upn', 'oid', 'cognito:username'] as const;

/**
 * The person that a provider vouches for, or nothing where the claim that names them is absent or unusable:
 * nobody is guessed. Groups that are absent, or were left out of the token because there are too many, are no
 * groups. An e-mail address names a person only where the provider has verified it.
 */
export function identityFrom(claims: Claims, names: ClaimNames): Identity | undefined {
  const id = own(claims, names.identityClaim);
  if (typeof id !== 'string' || id === '' || id.length > identityMaxCharacters) return undefined;
  // A name that looks like another person's is no name.
  if (id.trim() !== id || showUntrusted(id) !== id || /[\n\t]/.test(id)) return undefined;
  if (names.identityClaim === 'email' && claims['email_verified'] !== true) return undefined;
  return {
    id,
    displayName: displayNameOf(claims, id),
    groups: groupsOf(own(claims, names.groupsClaim)),
    aliases: aliasesOf(claims, id),
  };
}

/** Each once, and not the name that counts anyway. A pipeline or a signal may know the person by any of them. */
function aliasesOf(claims: Claims, id: string): readonly string[] {
  const email = claims['email_verified'] === true ? own(claims, 'email') : undefined;
  const aliases: string[] = [];
  for (const claim of [email, ...aliasClaims.map((name) => own(claims, name))]) {
    const alias = typeof claim === 'string' ? claim.trim() : '';
    if (alias === '' || alias.length > identityMaxCharacters) continue;
    if (![id, ...aliases].some((known) => samePerson(known, alias))) aliases.push(alias);
  }
  return aliases;
}

function displayNameOf(claims: Claims, id: string): string {
  const found = [claims['name'], claims['preferred_username'], claims['email']].find(
    (value) => typeof value === 'string' && value.trim() !== '',
  );
  const shown = typeof found === 'string' ? found.replaceAll(/\s+/g, ' ').trim() : id;
  return showUntrusted(shown).slice(0, displayNameMaxCharacters);
}

/** Some providers write a single group without a list. */
function groupsOf(claim: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return all
    .filter((group) => typeof group === 'string' && group !== '' && group.length <= identityMaxCharacters)
    .slice(0, groupsAtMost) as string[];
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}
