import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import {
  type DeclarationChange,
  declarationChanges,
  declarationEffect,
} from '../autonomy/declared-stages.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Database, Item, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError, InterlockError } from '../platform/errors.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import {
  differenceBetween,
  type PolicyDifference,
  type PolicyFiles,
  policyDigestOf,
  schemaFile,
} from './policy-files.ts';

/** One publication: from then on decisions were made under this policy set. */
export interface Publication extends PolicyDifference {
  readonly policyDigest: string;
  /** Absent for the first one. */
  readonly previousDigest?: string;
  readonly publishedAtEpochMs: EpochMs;
  readonly artefactVersion: string;
}

export type PublishResult =
  | { readonly outcome: 'published'; readonly publication: Publication }
  /** It is the one published last: a delivery that was repeated. */
  | { readonly outcome: 'already-current' };

const autonomyFile = 'autonomy.json';

/** Who publishes, in the ledger and on a stage that a publication lowered. */
const publisher = 'publish-policies';

/** DynamoDB's limit. */
const mostItems = 100;

/** Each loss means that another publication was stored meanwhile, or that a stage was set. */
const attempts = 10;

/** Every policy set that was ever published, whole, and the order of their publication. */
export class PolicyArchive {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;
  readonly #controlsTable: string;

  constructor(
    database: Database,
    ledger: LedgerStore,
    tables: { readonly operations: string; readonly controls: string },
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = tables.operations;
    this.#controlsTable = tables.controls;
  }

  /**
   * Publishes a set once, with its ledger entry and one for each stage it declares anew: repeated, it says so and
   * writes nothing. Stages set at run time that stand above what is declared lower now are lowered with it. Going
   * back to an earlier set is a publication of its own.
   *
   * @throws InterlockError `policy.too-many-lowerings`, DependencyUnavailableError `policy.contention`.
   */
  async publish(files: PolicyFiles, artefactVersion: string, now: EpochMs): Promise<PublishResult> {
    const policyDigest = policyDigestOf(files);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const current = await this.#current();
      if (current === policyDigest) return { outcome: 'already-current' };
      const before = current === undefined ? {} : await this.files(current);
      const publication: Publication = {
        policyDigest,
        ...(current === undefined ? {} : { previousDigest: current }),
        publishedAtEpochMs: now,
        artefactVersion,
        ...differenceBetween(before, files),
      };
      const changes = declarationChanges(before[autonomyFile], files[autonomyFile]);
      const lowered = await this.#lowered(changes, policyDigest, now);
      const writes = [...this.#writes(files, publication), ...lowered.writes];
      const entries = [publishedEntry(publication), ...lowered.entries];
      const room = mostItems - writes.length - entries.length;
      if (room < 1) throw tooManyLowerings(lowered.writes.length);
      const result = await this.#ledger.commit(
        controlChain('policy', now),
        [...entries, ...declarationEntries(changes, publication, room)],
        writes,
      );
      if (result.outcome === 'committed') return { outcome: 'published', publication };
    }
    throw new DependencyUnavailableError(
      'policy.contention',
      `other policies were published, or stages set, ${attempts} times meanwhile; retry`,
    );
  }

  /** Read anew for each attempt: whoever set a stage since is lowered too. */
  async #lowered(changes: readonly DeclarationChange[], policyDigest: string, now: EpochMs) {
    const items = await this.#database.query(this.#controlsTable, 'STAGE');
    const publication = { controlsTable: this.#controlsTable, by: publisher, policyDigest };
    return declarationEffect(changes, items, publication, now);
  }

  #writes(files: PolicyFiles, publication: Publication): Write[] {
    const { policyDigest, previousDigest, publishedAtEpochMs, artefactVersion } = publication;
    return [
      {
        kind: 'put',
        table: this.#table,
        item: { ...itemKeys.currentPolicySet(), policyDigest, publishedAtEpochMs },
        ...(previousDigest === undefined
          ? { condition: 'attribute_not_exists(pk)' }
          : { condition: 'policyDigest = :previous', values: { ':previous': previousDigest } }),
      },
      {
        kind: 'put',
        table: this.#table,
        item: {
          ...itemKeys.policySet(policyDigest),
          policyDigest,
          files,
          schema: files[schemaFile] ?? '',
          publishedAtEpochMs,
          artefactVersion,
        },
      },
      {
        kind: 'put',
        table: this.#table,
        item: { ...itemKeys.publication(publishedAtEpochMs, policyDigest), ...publication },
      },
    ];
  }

  /**
   * The files of a published set, held against its digest.
   *
   * @throws InterlockError `policy.not-archived`, `policy.archive-altered`.
   */
  async files(policyDigest: string): Promise<PolicyFiles> {
    const item = await this.#database.get(this.#table, itemKeys.policySet(policyDigest));
    if (item === undefined)
      throw new InterlockError('policy.not-archived', `policy set ${policyDigest} was never published here`);
    const files = item['files'] as PolicyFiles;
    if (policyDigestOf(files) === policyDigest) return files;
    throw new InterlockError(
      'policy.archive-altered',
      `the archived files of policy set ${policyDigest} no longer have that digest`,
    );
  }

  /**
   * The files that were published last; `undefined` before the first publication.
   *
   * @throws InterlockError `policy.archive-altered`.
   */
  async current(): Promise<PolicyFiles | undefined> {
    const digest = await this.#current();
    return digest === undefined ? undefined : this.files(digest);
  }

  /** Every publication, newest first. */
  async history(): Promise<Publication[]> {
    const { pk } = itemKeys.currentPolicySet();
    const items = await this.#database.query(this.#table, pk, { skPrefix: 'PUBLISHED#', newestFirst: true });
    return items.map(({ pk: _pk, sk: _sk, ...publication }) => publication as unknown as Publication);
  }

  async #current(): Promise<string | undefined> {
    const item: Item | undefined = await this.#database.get(this.#table, itemKeys.currentPolicySet());
    return item?.['policyDigest'] as string | undefined;
  }
}

function publishedEntry(publication: Publication): LedgerEvent {
  const { policyDigest, previousDigest, publishedAtEpochMs, added, removed, changed } = publication;
  return {
    type: 'policy.published',
    atEpochMs: publishedAtEpochMs,
    actor: { kind: 'system', id: publisher },
    detail: {
      policyDigest,
      previousDigest: previousDigest ?? 'none',
      added: added.join(', '),
      removed: removed.join(', '),
      changed: changed.join(', '),
    },
  };
}

/** A declared stage is in force wherever none was set: nobody has to approve it, so it must not pass unseen. */
function declarationEntries(
  changes: readonly DeclarationChange[],
  { policyDigest, publishedAtEpochMs }: Publication,
  room: number,
): LedgerEvent[] {
  const entry = (detail: LedgerEvent['detail']): LedgerEvent => ({
    type: 'autonomy.declared',
    atEpochMs: publishedAtEpochMs,
    actor: { kind: 'system', id: publisher },
    detail,
  });
  if (changes.length <= room) return changes.map((change) => entry({ ...change }));
  const named = changes.slice(0, room - 1).map((change) => entry({ ...change }));
  return [...named, entry({ further: changes.length - named.length, policyDigest })];
}

/** Unlike a declaration that goes unnamed, a lowering that goes missing would leave autonomy standing. */
function tooManyLowerings(count: number): InterlockError {
  return new InterlockError(
    'policy.too-many-lowerings',
    `policies/autonomy.json lowers ${count} stages at once, more than one transaction takes; publish it in steps of at most 45`,
  );
}
