import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { IncidentExecutions } from './intake.store.ts';

/** Executions of the incident state machine, named after their incident so that a second start is no second run. */
export class StepFunctionsIncidentExecutions implements IncidentExecutions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(stateMachineArn: string, client: SFNClient = new SFNClient({})) {
    this.#stateMachineArn = stateMachineArn;
    this.#client = client;
  }

  async start(incidentId: string): Promise<void> {
    try {
      await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: this.#stateMachineArn,
          name: incidentId,
          input: JSON.stringify({ incidentId }),
        }),
      );
    } catch (error) {
      // Step Functions remembers a closed execution's name for 90 days; a running one answers like a first start.
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }
}
