import { statSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { StoredDecision } from '../../functions/autonomy/decision.store.ts';
import type { DecisionRules } from '../../functions/autonomy/decision-input.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { type Replay, replayDecision } from '../../functions/autonomy/replay.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import type { Connection } from '../connection.ts';
import { bad, dim, good, instant, printable, printJson, printTable } from '../output.ts';
import { archiveOf } from '../policies.ts';
import { connectFor, optionsOf } from './options.ts';

export function historyCommand(): Command {
  return new Command('history')
    .description('every publication of policies: when, from which artefact, and what was different')
    .action((_options, self: Command) => history(self));
}

async function history(command: Command): Promise<void> {
  const publications = await archiveOf(await connectFor(command)).history();
  if (optionsOf(command).json === true) printJson(publications);
  else if (publications.length === 0) console.log('no policies were published yet');
  else {
    printTable(
      ['published', 'policies', 'artefact', 'difference'],
      publications.map(({ publishedAtEpochMs, policyDigest, artefactVersion, ...difference }) => [
        instant(publishedAtEpochMs),
        policyDigest.slice(0, 12),
        artefactVersion.slice(0, 12),
        (['added', 'removed', 'changed'] as const)
          .filter((kind) => difference[kind].length > 0)
          .map(
            (kind) =>
              `${kind} ${difference[kind].length > 5 ? `${difference[kind].length} files` : difference[kind].join(', ')}`,
          )
          .join('; '),
      ]),
    );
  }
}

export function showCommand(): Command {
  return new Command('show')
    .description('one decision with everything it was made on')
    .argument('<decision-id>', 'as `dec-…` in the timeline of an incident')
    .action((decisionId: string, _options, self: Command) => show(decisionId, self));
}

async function show(decisionId: string, command: Command): Promise<void> {
  const decision = await decisionWith(await connectFor(command), decisionId);
  if (optionsOf(command).json === true) {
    printJson(decision);
    return;
  }
  const lines: (readonly [string, string])[] = [
    ['decided', instant(decision.decidedAtEpochMs)],
    ['about', `${decision.action} on ${decision.targetKey ?? 'no known target'} in ${decision.environment}`],
    ['by', `${decision.agentRole}, incident ${decision.incidentId}, plan ${decision.planDigest}`],
    ['outcome', `${decision.outcome}${decision.quorum > 0 ? ` (${decision.quorum})` : ''}`],
    ['clause', decision.clause],
    ['reason', decision.reason],
    ['policies', decision.determiningPolicies.join(', ') || 'none'],
    ['policy set', decision.policyDigest],
    ...(decision.notAfterEpochMs === undefined
      ? []
      : ([
          ['starts', `not after ${instant(decision.notAfterEpochMs)}: the policies permit it until then`],
        ] as const)),
  ];
  console.log(printable(decision.decisionId));
  for (const [name, value] of lines) console.log(`  ${name.padEnd(11)}${printable(value)}`);
  console.log(dim('  inputs'));
  for (const [name, value] of Object.entries(decision.inputs)) {
    console.log(dim(`    ${name.padEnd(18)}${printable(JSON.stringify(value)).slice(0, 500)}`));
  }
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('make decisions again from what is stored with them; exit 1 when one is not the same')
    .argument('[decision-id]', 'as `dec-…` in the timeline of an incident')
    .option('--since <time>', 'all decisions of the last hours or days, such as 24h or 7d', parseSpan)
    .option('--candidate <directory>', 'other policies: shows what they would have decided (exit 0)')
    .action((decisionId: string | undefined, _options, self: Command) => replay(decisionId, self));
}

/** What a report says of a decision: its inputs are read and let go, however many there are. */
type Named = Pick<
  StoredDecision,
  'decisionId' | 'policyDigest' | 'action' | 'incidentId' | 'decidedAtEpochMs'
>;

/** One decision made again; `impossible` when what it takes is not there. */
type Replayed = { readonly decision: Named } & (
  | Replay
  | { readonly outcome: 'impossible'; readonly why: string }
);

async function replay(decisionId: string | undefined, command: Command): Promise<void> {
  const { since, candidate, json } = optionsOf<{ since?: number; candidate?: string }>(command);
  if ((decisionId === undefined) === (since === undefined))
    command.error('name one decision, or a time with --since', { exitCode: 2 });
  if (candidate !== undefined && statSync(candidate, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new InterlockError(
      'cli.no-candidate',
      `there is no directory ${printable(candidate)}; --candidate takes one with policy files like policies/`,
    );
  }
  const connection = await connectFor(command);
  const decisions =
    decisionId === undefined
      ? decisionsSince(connection, Date.now() - (since ?? 0))
      : [await decisionWith(connection, decisionId)];
  const replayed = await replayAll(decisions, rulesSource(connection, candidate));
  const odd = replayed.filter(({ outcome }) => outcome !== 'identical');
  if (json === true) {
    printJson(
      replayed.map(({ decision, ...rest }) => ({
        decisionId: decision.decisionId,
        policyDigest: decision.policyDigest,
        ...rest,
      })),
    );
  } else print(replayed, odd, candidate !== undefined);
  process.exitCode = candidate === undefined && odd.length > 0 ? 1 : 0;
}

function print(replayed: readonly Replayed[], odd: readonly Replayed[], isCandidate: boolean): void {
  const count = `${replayed.length} decision${replayed.length === 1 ? '' : 's'} made again`;
  if (odd.length === 0) console.log(good(`${count}, all identical`));
  else console.log((isCandidate ? dim : bad)(`${count}, ${odd.length} not the same:`));
  for (const one of odd) {
    const { decision } = one;
    console.log(`${printable(decision.decisionId)}  ${printable(decision.action)}  ${decision.incidentId}`);
    if (one.outcome === 'impossible') console.log(`  ${one.why}`);
    else
      for (const { member, stored, again } of one.differences)
        console.log(`  ${member.padEnd(20)}${printable(stored)} → ${printable(again)}`);
  }
}

/** Oldest first. */
async function replayAll(
  decisions: AsyncIterable<StoredDecision> | readonly StoredDecision[],
  rulesFor: (policyDigest: string) => Promise<DecisionRules>,
): Promise<Replayed[]> {
  const replayed: Replayed[] = [];
  for await (const decision of decisions) {
    const { decisionId, policyDigest, action, incidentId, decidedAtEpochMs } = decision;
    const named = { decisionId, policyDigest, action, incidentId, decidedAtEpochMs };
    try {
      replayed.push({ decision: named, ...replayDecision(decision, await rulesFor(policyDigest)) });
    } catch (error) {
      if (!(error instanceof InterlockError)) throw error;
      replayed.push({ decision: named, outcome: 'impossible', why: error.message });
    }
  }
  return replayed.toSorted((a, b) => a.decision.decidedAtEpochMs - b.decision.decidedAtEpochMs);
}

/** The archived set of each digest, read and parsed once, or the candidate for all of them. */
function rulesSource(
  connection: Connection,
  candidate: string | undefined,
): (policyDigest: string) => Promise<DecisionRules> {
  const wasm = readCedarWasm();
  if (candidate !== undefined) {
    const files = readPolicyFiles(candidate);
    console.error(dim(`candidate policies ${policyDigestOf(files).slice(0, 12)}`));
    const rules = decisionRules(files, wasm);
    return async () => rules;
  }
  const archive = archiveOf(connection);
  const known = new Map<string, Promise<DecisionRules>>();
  return (policyDigest) => {
    const rules =
      known.get(policyDigest) ?? archive.files(policyDigest).then((files) => decisionRules(files, wasm));
    known.set(policyDigest, rules);
    return rules;
  };
}

const outcomes = ['auto', 'require-approval', 'recommend', 'deny'] as const;

/** All of them: a replay that left some out would vouch for decisions that nobody looked at. */
async function* decisionsSince(
  { database, tables }: Connection,
  sinceEpochMs: number,
): AsyncGenerator<StoredDecision> {
  for (const outcome of outcomes) {
    const items = database.eachByStatus(tables.operations, `DECISION#${outcome}`, { sinceEpochMs });
    for await (const item of items) yield item as unknown as StoredDecision;
  }
}

/** However old it is: each list is read from its newest end until it is found. */
async function decisionWith({ database, tables }: Connection, decisionId: string): Promise<StoredDecision> {
  const found: StoredDecision[] = [];
  const search = async (outcome: string): Promise<void> => {
    for await (const item of database.eachByStatus(tables.operations, `DECISION#${outcome}`)) {
      if (item['decisionId'] === decisionId) found.push(item as unknown as StoredDecision);
      if (found.length > 0) return;
    }
  };
  await Promise.all(outcomes.map(search));
  if (found[0] !== undefined) return found[0];
  throw new InterlockError(
    'cli.no-decision',
    `there is no decision ${printable(decisionId)}; \`interlock incident show <id>\` names those of an incident`,
  );
}

/** `24h` or `7d`, in milliseconds. */
function parseSpan(text: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,3})(h|d)$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It takes hours or days, such as 24h or 7d.');
  return Number(count) * (unit === 'd' ? 86_400_000 : 3_600_000);
}
