import type { ActionFixture } from './action-fixture.ts';
import { machineArnOf, startStepFunctionsStandIn } from './step-functions.stand-in.ts';

export const fixture: ActionFixture = {
  actionId: 'states.redrive-execution',
  create: async () => {
    const stepFunctions = await startStepFunctionsStandIn();
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:order-import:night';
    const execution = { status: 'FAILED' as const, redriveCount: 0, tokens: new Set<string>() };
    stepFunctions.executions.set(executionArn, execution);
    stepFunctions.tagged.add(machineArnOf(executionArn));
    return {
      parameters: { executionArn, fromRedriveCount: 0 },
      unknownParameters: { executionArn: `${executionArn}-nowhere`, fromRedriveCount: 0 },
      // Redriven by a person twice, and failed each time.
      foreignWrite: async () => {
        execution.redriveCount += 2;
      },
      effects: () => execution.redriveCount,
      endpointUrl: stepFunctions.url,
      destroy: stepFunctions.stop,
    };
  },
};
