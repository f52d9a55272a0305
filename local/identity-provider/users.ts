import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { root } from '../places.ts';

const usersSchema = z.strictObject({
  version: z.literal(1),
  users: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
        displayName: z.string().min(1),
        role: z.string().min(1),
        groups: z.array(z.string().min(1)),
      }),
    )
    .min(1)
    .refine((users) => new Set(users.map(({ id }) => id)).size === users.length, 'two users have one id'),
});

/** A seeded person of the local stage: `policies/local-users.json`. */
export type LocalUser = z.output<typeof usersSchema>['users'][number];

/** @throws Error naming what is wrong. */
export function parseLocalUsers(json: unknown): readonly LocalUser[] {
  const parsed = usersSchema.safeParse(json);
  if (parsed.success) return parsed.data.users;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'file'}: ${message}`);
  throw new Error(`policies/local-users.json is malformed: ${faults.join('; ')}`);
}

/** The seeded people as they stand in the clone. @throws Error naming what is wrong with the file. */
export function readLocalUsers(): readonly LocalUser[] {
  return parseLocalUsers(JSON.parse(readFileSync(join(root, 'policies', 'local-users.json'), 'utf8')));
}

/** Who there is and in which groups, while the provider runs. Nothing is written back to the file. */
export class Directory {
  readonly #users: Map<string, LocalUser>;

  constructor(users: readonly LocalUser[]) {
    this.#users = new Map(users.map((user) => [user.id, user]));
  }

  list(): LocalUser[] {
    return [...this.#users.values()];
  }

  find(id: string): LocalUser | undefined {
    return this.#users.get(id);
  }

  /** Holds from the next token on. */
  setGroups(id: string, groups: readonly string[]): LocalUser | undefined {
    const user = this.#users.get(id);
    if (user === undefined) return undefined;
    const changed = { ...user, groups: [...groups] };
    this.#users.set(id, changed);
    return changed;
  }
}
