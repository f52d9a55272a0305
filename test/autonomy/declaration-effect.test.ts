import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declarationEffect } from '../../functions/autonomy/declared-stages.ts';
import { isLower, readStage } from '../../functions/autonomy/stage.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { type AutonomyStage, autonomyStages } from '../../functions/platform/vocabulary.ts';
import { transact } from '../model/memory-tables.ts';

/** 2026-11-23T08:00:00Z. */
const now = 1_795_420_800_000;
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const by = 'publish-policies';
const publication = { controlsTable: 'Controls', by, policyDigest: 'digest-2' };
const set = (stage: string, version = 3): Item => ({ ...itemKeys.stage(place), ...place, stage, version });
const change = (previous: AutonomyStage, stage: AutonomyStage) => ({ ...place, previous, stage });
const effect = (previous: AutonomyStage, stage: AutonomyStage, item: Item | undefined) =>
  declarationEffect([change(previous, stage)], item === undefined ? [] : [item], publication, now);

/** What stands at the place once the writes, made on what was `read`, meet what `stands`; `refused` when they do not fit. */
function standsAfter(
  previous: AutonomyStage,
  stage: AutonomyStage,
  read: Item | undefined,
  stands: Item | undefined,
) {
  const { result, written } = transact(() => stands, effect(previous, stage, read).writes);
  if (result.outcome === 'refused') return 'refused';
  return written.length === 0 ? stands : written[0]?.after;
}

const anyStage = fc.constantFrom(...autonomyStages);
const anyItem = fc.option(
  fc.oneof(
    fc
      .record({ stage: anyStage, version: fc.integer({ min: 1, max: 5 }) })
      .map((one) => set(one.stage, one.version)),
    fc.constant(set('full', 2)),
  ),
  { nil: undefined },
);

describe('what publishing a declaration does to a stage that was set at run time', () => {
  it('lowers it under its next version, and says who, why and on which policies', () => {
    const { writes, entries } = effect('suggest', 'observe', set('auto-low'));
    const reason = 'policies/autonomy.json declares observe now; before, it declared suggest';
    expect(writes).toMatchObject([
      {
        kind: 'put',
        table: 'Controls',
        item: { ...set('observe', 4), changedBy: by, changedAtEpochMs: now, reason, cause: 'lowered' },
      },
    ]);
    expect(entries).toStrictEqual([
      {
        type: 'autonomy.lowered',
        atEpochMs: now,
        actor: { kind: 'system', id: by },
        detail: {
          ...place,
          from: 'auto-low',
          to: 'observe',
          version: 4,
          reason,
          policyDigest: 'digest-2',
        },
      },
    ]);
  });

  it('insists on what was read, also where nothing has to be lowered', () => {
    expect(standsAfter('guarded', 'observe', set('auto-low'), set('auto-low', 4))).toBe('refused');
    expect(standsAfter('guarded', 'observe', set('observe'), set('suggest', 4))).toBe('refused');
    expect(standsAfter('guarded', 'observe', undefined, set('auto-low', 1))).toBe('refused');
    expect(standsAfter('guarded', 'observe', set('full'), undefined)).toBe('refused');
    expect(effect('guarded', 'observe', set('observe')).writes).toMatchObject([
      { kind: 'check', table: 'Controls', key: itemKeys.stage(place) },
    ]);
  });

  it('leaves no more than is declared where that is lower than before, and elsewhere everything as it is', () => {
    fc.assert(
      fc.property(anyStage, anyStage, anyItem, (previous, stage, item) => {
        const after = standsAfter(previous, stage, item, item);
        const { entries } = effect(previous, stage, item);
        const before = readStage({ stages: [] }, place, item);
        const isLowered =
          isLower(stage, previous) && before.from === 'set-at-run-time' && isLower(stage, before.stage);
        if (isLowered) expect(after).toMatchObject({ stage, version: before.version + 1 });
        else expect(after).toStrictEqual(item);
        expect(entries).toHaveLength(isLowered ? 1 : 0);
      }),
    );
  });

  it('writes once for each place that is declared lower, and for no other', () => {
    const at = (actionClass: string, previous: AutonomyStage, stage: AutonomyStage) => ({
      ...change(previous, stage),
      actionClass,
    });
    const changes = [
      at('a', 'guarded', 'observe'),
      at('b', 'observe', 'guarded'),
      at('c', 'suggest', 'observe'),
    ];
    const { writes } = declarationEffect(changes, [], publication, now);
    expect(writes.map((write) => (write.kind === 'check' ? write.key.sk : 'written'))).toStrictEqual([
      'prod#responder#a',
      'prod#responder#c',
    ]);
  });
});
