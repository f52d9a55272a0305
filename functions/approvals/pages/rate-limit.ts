import type { Context, MiddlewareHandler } from 'hono';
import type { EpochMs } from '../../platform/clock.ts';
import { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';

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
 * Counts every request that could change something and every answer of the identity provider, per address and, where somebody is signed in,
 * per identity: 429 with `Retry-After` beyond the limit. Reading is never counted. Stands before everything
 * that such a request could cause.
 */
export function limitRequests(ports: PagesPorts): MiddlewareHandler {
  const identityOf = async (context: Context): Promise<string | undefined> => {
    const authorization = context.req.header('authorization');
    if (authorization === undefined) return (await ports.people.identify(context))?.identity.id;
    const caller = await ports.api?.identify(authorization);
    return caller?.outcome === 'identified' ? caller.identity.id : undefined;
  };
  return async (context, next) => {
    const { method, path } = context.req;
    const onlyReads = reading.has(method);
    if (onlyReads && path !== '/sign-in/callback') return next();
    if ((await ports.rate.take('address', addressOf(context))) === 'limited') return tooMany(ports, context);
    const identityId = onlyReads ? undefined : await identityOf(context);
    if (identityId !== undefined && (await ports.rate.take('identity', identityId)) === 'limited') {
      return tooMany(ports, context);
    }
    return next();
  };
}

async function tooMany(ports: PagesPorts, context: Context): Promise<Response> {
  const seconds = secondsToNextWindow(ports.clock());
  const text = `Nothing was decided. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
  context.header('Retry-After', String(seconds));
  if (/^\/(api|slack)(\/|$)/.test(context.req.path)) {
    return context.json({ error: { code: 'too-many-requests', message: text } }, 429);
  }
  return new PageFrame(ports).notice(context, 429, 'Too many requests', text);
}
