import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { parseJson } from '../../functions/platform/parse-json.ts';
import { bodyOf } from './request-body.ts';
import type { Directory } from './users.ts';

/** Path under which the control endpoint stands. */
export const controlPath = '/control';

const groupsSchema = z.strictObject({ groups: z.array(z.string().min(1).max(256)).max(50) });

/**
 * Changes people while the provider runs, as an administrator of a real one would: `PUT /control/users/<id>` with
 * `{ "groups": [...] }`. `GET /control/issued` lists every token handed out so far, for tests that look for leaks.
 *
 * A page elsewhere can send neither: both take the token of this run, and the change a JSON content type, which
 * browsers ask leave for first and do not get.
 */
export class Control {
  readonly #directory: Directory;
  readonly #tokenDigest: Buffer;
  readonly #issued: ReadonlySet<string>;

  constructor(directory: Directory, token: string, issued: ReadonlySet<string>) {
    this.#directory = directory;
    this.#tokenDigest = digest(token);
    this.#issued = issued;
  }

  async answer(request: IncomingMessage, path: string, response: ServerResponse): Promise<void> {
    if (!this.#isAllowed(request.headers.authorization))
      return send(response, 401, { error: 'no such token' });
    const id = /^\/control\/users\/([^/]+)$/.exec(path)?.[1];
    if (request.method === 'GET' && path === `${controlPath}/issued`) {
      return send(response, 200, { issued: [...this.#issued] });
    }
    if (request.method !== 'PUT' || id === undefined) return send(response, 404, { error: 'no such route' });
    if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return send(response, 415, { error: 'send application/json' });
    }
    const wanted = groupsSchema.safeParse(parseJson(await bodyOf(request)));
    if (!wanted.success) return send(response, 400, { error: 'send {"groups": ["name", ...]}' });
    const user = this.#directory.setGroups(id, wanted.data.groups);
    if (user === undefined) return send(response, 404, { error: 'no such user' });
    send(response, 200, { id: user.id, groups: user.groups });
  }

  #isAllowed(authorization: string | undefined): boolean {
    return timingSafeEqual(digest(authorization?.replace(/^Bearer /, '') ?? ''), this.#tokenDigest);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
