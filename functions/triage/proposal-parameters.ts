import { canonicalJson } from '../platform/canonical-json.ts';

/** Parameters that a plan can carry, or why the model's could not be taken over. */
export type ProposalParameters =
  | { readonly outcome: 'representable'; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly outcome: 'not-representable'; readonly reason: string };

const maxBytes = 8_192;
const maxDepth = 8;

/** Names that code between here and the database looks up on every object (`data.constructor.name`). */
const prototypeNames = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Lets through what canonical JSON and DynamoDB both carry without change, so that the digest of a plan read
 * back is the digest of the plan written: at most 8 kB and 8 levels, well-formed text, no prototype names, no
 * empty names, no number beyond what a double and DynamoDB both hold exactly.
 */
export function proposalParameters(parameters: unknown): ProposalParameters {
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    return { outcome: 'not-representable', reason: 'not an object' };
  }
  const fault = faultOf(parameters, maxDepth);
  if (fault !== undefined) return { outcome: 'not-representable', reason: fault };
  const bytes = Buffer.byteLength(canonicalJson(parameters), 'utf8');
  return bytes > maxBytes
    ? { outcome: 'not-representable', reason: `${bytes} bytes exceed ${maxBytes}` }
    : { outcome: 'representable', parameters: parameters as Record<string, unknown> };
}

function faultOf(value: unknown, depthLeft: number): string | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'string':
      return value.isWellFormed() ? undefined : 'text is not well-formed';
    case 'number': {
      const size = Math.abs(value);
      const isExact = size === 0 || (size >= 1e-100 && size <= Number.MAX_SAFE_INTEGER);
      return isExact ? undefined : 'a number is out of range';
    }
    case 'object':
      return value === null ? undefined : faultOfObject(value, depthLeft);
    default:
      return 'holds something that is not JSON';
  }
}

function faultOfObject(value: object, depthLeft: number): string | undefined {
  if (depthLeft === 0) return `nested deeper than ${maxDepth} levels`;
  if (Array.isArray(value)) return firstFault(Array.from<unknown>(value), depthLeft);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return 'holds something that is not JSON';
  const names = Object.keys(value);
  if (names.some((name) => prototypeNames.has(name))) return 'has a member named like a prototype';
  if (names.some((name) => name === '' || !name.isWellFormed())) return 'has an unusable member name';
  return firstFault(Object.values(value), depthLeft);
}

function firstFault(members: readonly unknown[], depthLeft: number): string | undefined {
  for (const member of members) {
    const fault = faultOf(member, depthLeft - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
