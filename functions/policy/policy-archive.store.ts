import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import { declarationChanges } from '../autonomy/declared-stages.ts';
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

/** A transaction has at most 100 items, and a few of them are the publication itself. */
const mostDeclarations = 90;

/** Each loss means that another publication was stored meanwhile. */
const attempts = 5;

/** Every policy set that was ever published, whole, and the order of their publication. */
export class PolicyArchive {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;

  constructor(database: Database, ledger: LedgerStore, operationsTable: string) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = operationsTable;
  }

  /**
   * Publishes a set once, with its ledger entry and one for each stage it declares anew: repeated, it says so and writes nothing. Going back to an
   * earlier set is a publication of its own.
   *
   * @throws DependencyUnavailableError `policy.contention`.
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
      const result = await this.#ledger.commit(
        controlChain('policy', now),
        [
          {
            type: 'policy.published',
            atEpochMs: now,
            actor: { kind: 'system', id: 'publish-policies' },
            detail: {
              policyDigest,
              previousDigest: current ?? 'none',
              added: publication.added.join(', '),
              removed: publication.removed.join(', '),
              changed: publication.changed.join(', '),
            },
          },
          ...declarationEntries(before, files, now),
        ],
        this.#writes(files, publication),
      );
      if (result.outcome === 'committed') return { outcome: 'published', publication };
    }
    throw new DependencyUnavailableError(
      'policy.contention',
      `other policies were published ${attempts} times meanwhile; retry`,
    );
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

/** A declared stage is in force wherever none was set: nobody has to approve it, so it must not pass unseen. */
function declarationEntries(before: PolicyFiles, after: PolicyFiles, now: EpochMs): LedgerEvent[] {
  const changes = declarationChanges(before[autonomyFile], after[autonomyFile]);
  const entry = (detail: LedgerEvent['detail']): LedgerEvent => ({
    type: 'autonomy.declared',
    atEpochMs: now,
    actor: { kind: 'system', id: 'publish-policies' },
    detail,
  });
  const further = changes.length - mostDeclarations;
  return [
    ...changes.slice(0, mostDeclarations).map((change) => entry({ ...change })),
    ...(further > 0 ? [entry({ further, policyDigest: policyDigestOf(after) })] : []),
  ];
}
