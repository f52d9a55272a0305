import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { errorPage, pickPage } from './pages.ts';
import { bodyOf } from './request-body.ts';
import type { Directory } from './users.ts';

/**
 * The page on which somebody says who they are, without proof, and what their choice leads to. It belongs to one
 * sign-in of one browser: the provider finds it by that browser's cookie.
 */
export async function pickPerson(
  provider: Provider,
  directory: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response).catch(() => undefined);
  const action = `/interaction/${interaction?.uid}`;
  if (interaction === undefined || new URL(request.url ?? '/', 'http://local').pathname !== action) {
    return showPage(response, 400, errorPage('expired', 'this sign-in is over'));
  }
  if (request.method !== 'POST') return showPage(response, 200, pickPage(directory.list(), action, false));
  const form = new URLSearchParams(await bodyOf(request));
  if (form.has('cancel')) {
    return provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: 'the sign-in was cancelled',
    });
  }
  const user = directory.find(form.get('identity') ?? '');
  if (user === undefined) return showPage(response, 400, pickPage(directory.list(), action, true));
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: user.id, remember: false } },
    { mergeWithLastSubmission: false },
  );
}

/** Sends a page of this provider. */
export function showPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(html);
}
