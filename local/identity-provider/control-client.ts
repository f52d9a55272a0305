/** Where the provider's control endpoint is, as the local state says. */
export interface ControlAccess {
  readonly identityControlUrl: string;
  readonly identityControlToken: string;
}

/**
 * Puts a seeded person into exactly these groups. Their next token says so: at the next sign-in, and at once where
 * a session is confirmed by a refresh token.
 *
 * @throws Error when the provider knows no such person or does not answer.
 */
export async function changeGroups(
  access: ControlAccess,
  userId: string,
  groups: readonly string[],
): Promise<void> {
  await call(access, `/users/${encodeURIComponent(userId)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ groups }),
  });
}

/** Every access, refresh and ID token that the provider has handed out in this run. */
export async function issuedTokens(access: ControlAccess): Promise<string[]> {
  const answer = (await call(access, '/issued', {})) as { issued: string[] };
  return answer.issued;
}

async function call(access: ControlAccess, path: string, init: RequestInit): Promise<unknown> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${access.identityControlToken}`);
  const response = await fetch(`${access.identityControlUrl}${path}`, { ...init, headers });
  if (!response.ok) {
    throw new Error(
      `the local identity provider refused ${path}: ${response.status} ${await response.text()}`,
    );
  }
  return response.json();
}
