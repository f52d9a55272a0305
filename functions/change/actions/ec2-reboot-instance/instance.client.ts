import {
  DescribeInstancesCommand,
  EC2Client,
  EC2ServiceException,
  RebootInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { DryRun, TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { RebootInstanceParameters } from './definition.ts';
import type { InstanceState } from './instance-target.ts';

const unknownInstance: ReadonlySet<string> = new Set([
  'InvalidInstanceID.NotFound',
  'InvalidInstanceID.Malformed',
]);

/**
 * Reads and reboots one EC2 instance. A reboot is asked for once: EC2 knows no token for it, so repeated by
 * the SDK after a lost answer it would be a second reboot.
 */
export class InstanceClient implements TargetClient<RebootInstanceParameters, InstanceState> {
  readonly #reader: EC2Client;
  readonly #writer: EC2Client;

  constructor(reader: EC2Client = new EC2Client({}), writer: EC2Client = new EC2Client({ maxAttempts: 1 })) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ instanceId }: RebootInstanceParameters): Promise<TargetReading<InstanceState>> {
    try {
      const { Reservations = [] } = await this.#reader.send(
        new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
      );
      const instance = Reservations.flatMap(({ Instances = [] }) => Instances).find(
        ({ InstanceId }) => InstanceId === instanceId,
      );
      const name = instance?.State?.Name;
      const launchedAt = instance?.LaunchTime;
      if (name === undefined || launchedAt === undefined) {
        return { outcome: 'refused', reason: 'the instance was read without state or launch time' };
      }
      return { outcome: 'found', state: { name, launchedAtEpochMs: launchedAt.getTime() } };
    } catch (error) {
      if (!(error instanceof EC2ServiceException && unknownInstance.has(error.name))) {
        throw unavailableIfTransient(error, 'EC2');
      }
      return { outcome: 'refused', reason: 'the instance does not exist' };
    }
  }

  async apply({ instanceId }: RebootInstanceParameters): Promise<TargetWrite> {
    try {
      await this.#writer.send(new RebootInstancesCommand({ InstanceIds: [instanceId] }));
      return { outcome: 'written' };
    } catch (error) {
      const thrown = unavailableIfTransient(error, 'EC2');
      // EC2 refused the request, so nothing was rebooted; anything else may have been and is thrown.
      if (thrown instanceof EC2ServiceException && isRefusal(thrown)) {
        return { outcome: 'failed', reason: `EC2 refused the reboot: ${thrown.name}` };
      }
      throw thrown;
    }
  }

  async restore(): Promise<TargetWrite> {
    return { outcome: 'failed', reason: 'a reboot cannot be undone' };
  }

  /** EC2 answers a dry run with an error that says whether the request would have been carried out. */
  async dryRun({ instanceId }: RebootInstanceParameters): Promise<DryRun> {
    try {
      await this.#writer.send(new RebootInstancesCommand({ InstanceIds: [instanceId], DryRun: true }));
      return { outcome: 'unknown', reason: 'EC2 did not say that this was a dry run' };
    } catch (error) {
      if (!(error instanceof EC2ServiceException)) throw error;
      if (error.name === 'DryRunOperation') {
        return { outcome: 'allowed', reason: 'EC2 would carry out the reboot' };
      }
      const outcome = error.name === 'UnauthorizedOperation' ? 'denied' : 'unknown';
      return { outcome, reason: `EC2 answered ${error.name}` };
    }
  }
}

/** The SDK calls every error of this protocol the client's fault; only the status tells. */
function isRefusal({ $metadata: { httpStatusCode = 500 } }: EC2ServiceException): boolean {
  return httpStatusCode < 500;
}
