import type { Command } from 'commander';
import { type Place, stageFor } from '../functions/autonomy/autonomy-policy.ts';
import type { KnownNames } from '../functions/autonomy/known-places.ts';
import { StageStore } from '../functions/autonomy/stage.store.ts';
import { StageEvidenceStore } from '../functions/autonomy/stage-evidence.store.ts';
import { StageRequestStore } from '../functions/autonomy/stage-request.store.ts';
import type { AutonomyStage } from '../functions/platform/vocabulary.ts';
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

export async function openAutonomy(command: Command): Promise<Autonomy> {
  const connection = await connectFor(command);
  const { database, ledger, tables, stage } = connection;
  const files = await publishedFiles(connection);
  const policy = autonomyPolicyIn(files);
  const { agentOwners } = approverPolicyIn(files);
  const stages = new StageStore(database, ledger, tables, policy, Date.now);
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
