import type { Command } from 'commander';
import type { Place } from '../../functions/autonomy/autonomy-policy.ts';
import { isLower, moveBetween, placeName, type StageReading } from '../../functions/autonomy/stage.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import type { AutonomyStage } from '../../functions/platform/vocabulary.ts';
import { type Autonomy, type AutonomyRecords, openAutonomy, openAutonomyRecords } from '../autonomy.ts';
import { evidenceOf } from '../autonomy-evidence.ts';
import { requestLines } from '../autonomy-report.ts';
import { bad, dim, good, printable, printJson } from '../output.ts';
import { mustBeKnownPlace, readKnownNames } from '../policies.ts';
import { optionsOf } from './options.ts';

/** Lowers a stage at once, or asks for the next one up. Lowering works without the published policies, too. */
export async function setStage(place: Place, to: AutonomyStage, command: Command): Promise<void> {
  let autonomy: Autonomy;
  try {
    autonomy = await openAutonomy(command);
  } catch (cause) {
    return await lowerUnread(place, to, cause, command);
  }
  mustBeKnownPlace(place, autonomy.names);
  const { reason } = optionsOf<{ reason: string }>(command);
  const before = await autonomy.stages.inForce(place);
  const move = moveBetween(before.stage, to);
  switch (move.move) {
    case 'none':
      if (before.from !== 'unreadable') return unchanged(autonomy, before);
      return lower(autonomy, place, to, reason);
    case 'lower':
      try {
        return await lower(autonomy, place, to, reason);
      } catch (error) {
        if (!isPoliciesChanged(error)) throw error;
        // Less autonomy does not wait for whoever typed it to look again: what is declared now is read instead.
        return await lower(await openAutonomy(command), place, to, reason);
      }
    case 'too-far':
      throw new InterlockError(
        'cli.stage-too-far',
        `${printable(placeName(place))} is at ${before.stage} and is raised one stage at a time; ask for ${move.next}`,
      );
    case 'raise':
      return raise(autonomy, before, to, reason);
  }
}

/**
 * Lowers without knowing what is declared: below what was set at run time, or to `observe`, the lowest whatever is
 * declared. Everything else might raise. Names come from the checkout, as the kill switch's do; a place where a stage
 * was set is one.
 */
async function lowerUnread(place: Place, to: AutonomyStage, cause: unknown, command: Command): Promise<void> {
  const records = await openAutonomyRecords(command);
  const set = await records.stages.inForce(place);
  const isSet = set.version !== 0;
  const why = printable(cause instanceof Error ? cause.message : String(cause));
  if (to !== 'observe' && !(isSet && isLower(to, set.stage)))
    throw new InterlockError(
      'cli.policies-unread',
      `the published policies cannot be read (${why}); until they can, a stage is only lowered: to observe, or below what was set at run time`,
      { cause },
    );
  if (!isSet) mustBeKnownPlace(place, readKnownNames(records.connection.stage));
  console.error(bad(`the published policies cannot be read (${why}); lowering without them`));
  const { reason } = optionsOf<{ reason: string }>(command);
  await lower(records, place, to, reason, { declaredUnread: true });
}

function isPoliciesChanged(error: unknown): boolean {
  return error instanceof InterlockError && error.code === 'autonomy.policies-changed';
}

function unchanged({ json }: Pick<AutonomyRecords, 'json'>, reading: StageReading): void {
  if (json) printJson({ outcome: 'unchanged', ...reading });
  else console.log(dim(`${printable(placeName(reading))} stands at ${reading.stage} already`));
}

async function lower(
  records: Pick<AutonomyRecords, 'connection' | 'json' | 'stages'>,
  place: Place,
  to: AutonomyStage,
  reason: string,
  options: { declaredUnread?: boolean } = {},
): Promise<void> {
  const by = { kind: 'person', id: await records.connection.caller() } as const;
  const result = await records.stages.lower(place, to, by, reason, options);
  if (result.outcome === 'unchanged') unchanged(records, result.inForce);
  else if (records.json) printJson(result);
  else {
    const from =
      result.item.version === 1 && options.declaredUnread === true ? 'what is declared' : result.from;
    console.log(good(`lowered ${printable(placeName(place))} from ${from} to ${to}: in force now`));
  }
}

async function raise(
  autonomy: Autonomy,
  before: StageReading,
  to: AutonomyStage,
  reason: string,
): Promise<void> {
  const { evidence, notes } = await evidenceOf(autonomy, before);
  const by = await autonomy.connection.caller();
  const request = await autonomy.requests.request(before, to, by, reason, evidence);
  if (request === 'unknown-person') {
    throw new InterlockError(
      'cli.unknown-person',
      `a stage is raised by people, but STS names the caller ${printable(by)}; sign in as a user or a role session`,
    );
  }
  if (autonomy.json) {
    printJson({ outcome: 'requested', request, notes });
    return;
  }
  console.log([...requestLines(request), ...notes].join('\n'));
  console.log(
    `\nnothing has changed yet: somebody else approves it with\n  interlock autonomy approve ${request.requestId}`,
  );
}
