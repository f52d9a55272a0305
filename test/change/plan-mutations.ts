import type { Plan } from '../../functions/change/plan.ts';

type Path = readonly (string | number)[];

/** Every place in a plan, the plan's own members and everything below them. */
export function placesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, member]) => placesOf(member, [...at, key]));
  return at.length === 0 ? below : [at, ...below];
}

/** The plan with one place altered: another value, removed, or a member added beside it. */
export function altered(plan: Plan, place: Path, how: 'replace' | 'remove' | 'add', value: unknown): unknown {
  const copy = structuredClone(plan) as unknown as Record<string, unknown>;
  let parent: Record<string | number, unknown> = copy;
  for (const step of place.slice(0, -1)) parent = parent[step] as Record<string, unknown>;
  const last = place.at(-1) ?? '';
  if (how === 'replace') parent[last] = value;
  else if (how === 'remove' && Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (how === 'remove') Reflect.deleteProperty(parent, last);
  else if (Array.isArray(parent)) parent.push(value);
  else parent['extra'] = value;
  return copy;
}
