import type { Command } from 'commander';
import { type Place, stageFor } from '../functions/autonomy/autonomy-policy.ts';
import type { KnownNames } from '../functions/autonomy/known-places.ts';
import { StageStore } from '../functions/autonomy/stage.store.ts';
import { StageEvidenceStore } from '../functions/autonomy/stage-evidence.store.ts';
import { StageRequestStore } from '../functions/autonomy/stage-request.store.ts';
import type { AutonomyStage } from '../functions/platform/vocabulary.ts';
import { policyDigestOf } from '../functions/policy/policy-files.ts';
import { connectFor, optionsOf } from './commands/options.ts';
import type { Connection } from './connection.ts';
import { approverPolicyIn, autonomyPolicyIn, knownNamesIn, publishedFiles } from './policies.ts';

/** What commands about autonomy stages work with. */
export interface Autonomy {
  readonly connection: Connection;
  readonly stages: StageStore;
  readonly requests: StageRequestStore;
  readonly evidence: StageEvidenceStore;
  readonly names: KnownNames;
  readonly json: boolean;
  /** What the published `policies/autonomy.json` declares. */
  declared(place: Place): AutonomyStage;
}

/** What neither rests on what is declared nor could loosen anything: it works where no policy can be read. */
export interface AutonomyRecords {
  readonly connection: Connection;
  /** To lower only. What they read is what was set at run time: where nothing was, they know of no stage. */
  readonly stages: Pick<StageStore, 'inForce' | 'lower'>;
  readonly requests: Pick<StageRequestStore, 'list' | 'reject'>;
  readonly json: boolean;
}

/** Reads no policy: whoever damages the archive of the published ones must not take lowering and rejecting away. */
export async function openAutonomyRecords(command: Command): Promise<AutonomyRecords> {
  const connection = await connectFor(command);
  const { database, ledger, tables } = connection;
  const stages = new StageStore(database, ledger, tables, { stages: [] }, Date.now);
  return {
    connection,
    stages,
    requests: new StageRequestStore(database, ledger, tables, stages, [], Date.now),
    json: optionsOf(command).json === true,
  };
}

export async function openAutonomy(command: Command): Promise<Autonomy> {
  const connection = await connectFor(command);
  const { database, ledger, tables, stage } = connection;
  const files = await publishedFiles(connection);
  const policy = autonomyPolicyIn(files);
  const { agentOwners } = approverPolicyIn(files);
  const stages = new StageStore(database, ledger, tables, policy, Date.now, policyDigestOf(files));
  return {
    connection,
    stages,
    requests: new StageRequestStore(database, ledger, tables, stages, agentOwners, Date.now),
    evidence: new StageEvidenceStore(database, tables.operations),
    names: knownNamesIn(files, stage),
    json: optionsOf(command).json === true,
    declared: (place) => stageFor(policy, place),
  };
}
