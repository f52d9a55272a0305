import type { Context, MiddlewareHandler } from 'hono';
import type { EpochMs } from '../../platform/clock.ts';
import type { Identity } from '../authority.ts';
import { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { markRefused } from './vote-evidence.ts';

/** Requests that one caller may send in one window. Far above what people click. */
export const requestsPerWindow = { address: 300, identity: 30 } as const;

/** Length of a window; the count starts anew with each. */
export const windowMs = 60_000;

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The window that an instant falls into. */
export function windowStart(now: EpochMs): EpochMs {
  return now - (now % windowMs);
}

/** Whole seconds until the count starts anew, at least 1. */
export function secondsToNextWindow(now: EpochMs): number {
  return Math.ceil((windowStart(now) + windowMs - now) / 1_000);
}

/**
 * What counts as one address: an IPv6 caller owns its whole /64 network and could come from a new address each
 * time. Anything that is no address counts as one caller together.
 */
export function addressKey(address: string): string {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return address;
  const url = /^[\da-f:.]{2,45}$/i.test(address) ? URL.parse(`http://[${address}]/`) : null;
  if (url === null) return 'unknown';
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  // An IPv4 address in IPv6 clothes would share its network with every other one.
  const isMapped = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  return isMapped ? groups.join(':') : `${groups.slice(0, 4).join(':')}::/64`;
}

/**
 * Where the request came from, as API Gateway saw the connection; never what a header says. `unknown` outside
 * of a Lambda.
 */
export function addressOf(context: Context): string {
  const event: unknown = (context.env as { event?: unknown } | undefined)?.event;
  const { requestContext } = (event ?? {}) as { requestContext?: { http?: { sourceIp?: unknown } } };
  const sourceIp = requestContext?.http?.sourceIp;
  return typeof sourceIp === 'string' ? addressKey(sourceIp) : 'unknown';
}

/**
 * Counts every request that could change something and every answer of the identity provider: for each identity
 * where somebody is known, so that strangers behind the same address (a proxy, an office) never keep a person from
 * deciding or stopping; for each address otherwise. 429 with `Retry-After` beyond the limit. Reading is never
 * counted. Slack's requests are counted where their signature has been checked: all of Slack shares its addresses.
 * Stands before everything that such a request could cause, but for the evidence of a vote that did not count: one
 * entry for each person and approval. A batch is not read, so it leaves none.
 */
export function limitRequests(ports: PagesPorts): MiddlewareHandler {
  const identityOf = async (context: Context): Promise<Identity | undefined> => {
    const authorization = context.req.header('authorization');
    if (authorization === undefined) return (await ports.people.identify(context))?.identity;
    const caller = await ports.api?.identify(authorization);
    return caller?.outcome === 'identified' ? caller.identity : undefined;
  };
  return async (context, next) => {
    const { method, path } = context.req;
    const onlyReads = reading.has(method);
    if ((onlyReads && path !== '/sign-in/callback') || /^\/slack(\/|$)/.test(path)) return next();
    const identity = onlyReads ? undefined : await identityOf(context);
    const taken =
      identity === undefined
        ? await ports.rate.take('address', addressOf(context))
        : await ports.rate.take('identity', identity.id);
    if (taken === 'allowed') return next();
    if (identity !== undefined) markRefused(context, 'too-many-requests', identity);
    return tooMany(ports, context);
  };
}

/** Whether what asks is a program: it is answered with JSON, not with a page. */
export function isForPrograms({ req }: Context): boolean {
  return /^\/(api|slack)(\/|$)/.test(req.path);
}

async function tooMany(ports: PagesPorts, context: Context): Promise<Response> {
  const seconds = secondsToNextWindow(ports.clock());
  const text = `Nothing was decided. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
  context.header('Retry-After', String(seconds));
  if (isForPrograms(context)) {
    return context.json({ error: { code: 'too-many-requests', message: text } }, 429);
  }
  return new PageFrame(ports).notice(context, 429, 'Too many requests', text);
}
