import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ApproverPolicy } from '../functions/approvals/authority.ts';
import type { Taxonomy } from '../functions/intake/taxonomy.ts';
import { priorities } from '../functions/platform/vocabulary.ts';
import { Approvals } from './approvals/approvals.ts';
import { Audit } from './audit/audit.ts';
import { Autonomy } from './autonomy/autonomy.ts';
import { AutonomyControls } from './autonomy/autonomy-controls.ts';
import { Recommend } from './autonomy/recommend.ts';
import { ownTag } from './change/action-boundary.ts';
import { Change } from './change/change.ts';
import { IncidentClose } from './intake/incident-close.ts';
import { IncidentWorkflow } from './intake/incident-workflow.ts';
import { Intake } from './intake/intake.ts';
import type { Artefact } from './platform/artefact.ts';
import type { Bundles } from './platform/bundle.ts';
import { Platform } from './platform/platform.ts';
import { Policy } from './policy/policy.ts';
import { Routing } from './routing/routing.ts';
import type { StageSettings } from './stage-settings.ts';
import { Triage } from './triage/triage.ts';

export interface InterlockStackProps extends StackProps {
  readonly settings: StageSettings;
  readonly taxonomy: Taxonomy;
  readonly approvers: ApproverPolicy;
  readonly bundles: Bundles;
  readonly artefact: Artefact;
}

/** One stage of Interlock. It only wires: each capability is a construct of the same name. */
export class InterlockStack extends Stack {
  constructor(scope: Construct, id: string, props: InterlockStackProps) {
    super(scope, id, props);
    const { settings, taxonomy, approvers, bundles, artefact } = props;
    Tags.of(this).add(ownTag, 'control-plane');

    const platform = new Platform(this, 'Platform', { settings, bundles, artefact });
    const { routing } = new Routing(this, 'Routing', { platform });
    const { triage } = new Triage(this, 'Triage', { platform, routing });
    const { decide } = new Autonomy(this, 'Autonomy', { platform });
    const { engageKillSwitch } = new AutonomyControls(this, 'AutonomyControls', { platform });
    const approvals = new Approvals(this, 'Approvals', { platform, approvers, engageKillSwitch });
    const change = new Change(this, 'Change', {
      platform,
      askPerson: approvals.requestApproval.function,
      settleApproval: approvals.settleApproval.function,
    });
    const close = new IncidentClose(this, 'IncidentClose', { platform });
    const { recommend } = new Recommend(this, 'Recommend', { platform });
    const { stateMachine: incidentMachine } = new IncidentWorkflow(this, 'Incident', {
      platform,
      triage,
      decide,
      recommend,
      requestApproval: approvals.requestApproval,
      settleApproval: approvals.settleApproval,
      closeIncident: close.closeIncident,
      changeMachine: change.stateMachine,
      actions: change.actions,
    });
    approvals.answer(incidentMachine);
    approvals.answer(change.stateMachine);
    close.watch(incidentMachine);
    const intake = new Intake(this, 'Intake', { platform, taxonomy, incidentMachine });
    new Audit(this, 'Audit', { platform });
    new Policy(this, 'Policy', { platform });

    const outputs: Readonly<Record<string, string>> = {
      ControlsTable: platform.tables.controls.tableName,
      OperationsTable: platform.tables.operations.tableName,
      LedgerTable: platform.tables.ledger.tableName,
      IncidentStateMachineArn: incidentMachine.stateMachineArn,
      ChangeStateMachineArn: change.stateMachine.stateMachineArn,
      ApiUrl: approvals.apiUrl,
      PagesUrl: approvals.pagesUrl,
      EventBusName: 'default',
      PersonTopicArn: platform.personTopic.topicArn,
      SnapshotBucket: change.snapshots.bucketName,
      SnapshotRetentionDays: String(settings.snapshotRetention.toDays()),
      PolicyDigest: artefact.policyDigest,
      ArtefactVersion: artefact.version,
      ...Object.fromEntries(
        priorities.flatMap((priority) => [
          [`${priority}QueueUrl`, intake.queues[priority].queue.queueUrl],
          [`${priority}DlqUrl`, intake.queues[priority].deadLetters.queueUrl],
        ]),
      ),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
