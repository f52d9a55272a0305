import type { GapCollector } from '../gap-collector.ts';

/** One look at a workload: what could not be read is noted, and at the deadline all reads end. */
export interface Reading {
  readonly gaps: GapCollector;
  readonly abortSignal: AbortSignal;
}

/** How resources of one kind are recognised among ARNs and read. */
export interface ResourceReader<Found> {
  /** Service, and type as it stands in an ARN, as in `ecs:service`. */
  readonly type: string;
  /** For people, as in `ECS service`. */
  readonly what: string;
  /** What stands after the account in an ARN of this kind; its groups are the names that `read` takes. */
  readonly resource: RegExp;
  /** @returns Nothing where no action can change the resource as it is. A failure is thrown. */
  readonly read: (names: readonly string[], reading: Reading, arn: string) => Promise<Found | undefined>;
}

/** A page of a list, and what asks for the next one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/** The items of a list that comes in pages, up to a number of pages; `isPartial` when there were more. */
export async function collectPages<Item>(
  maxPages: number,
  page: (next: string | undefined) => Promise<Page<Item>>,
): Promise<{ readonly items: Item[]; readonly isPartial: boolean }> {
  const collected: Item[] = [];
  let next: string | undefined;
  for (let asked = 0; asked < maxPages; asked++) {
    const { items, next: following } = await page(next);
    collected.push(...items);
    if (following === undefined || following === '') return { items: collected, isPartial: false };
    next = following;
  }
  return { items: collected, isPartial: true };
}

/** Untrusted text that is shown to a model, at most 200 characters of it. */
export function shortText(text: string | undefined): string {
  return (text ?? '').slice(0, 200);
}
