import {
  inverseRunOf,
  runOf,
  tagKeyOf,
} from '../../../functions/change/actions/ssm-run-automation/automation-run.ts';
import type { RunAutomationParameters } from '../../../functions/change/actions/ssm-run-automation/definition.ts';
import type { ActionFixture, FixtureTarget } from './action-fixture.ts';
import { startAutomationStandIn } from './ssm-automation.stand-in.ts';

const runbook: RunAutomationParameters = {
  documentName: 'Checkout-EnableMaintenance',
  documentVersion: '3',
  targetParameterName: 'Service',
  targetType: 'ecs-service',
  targetValue: 'shop/checkout',
};

export const fixture: ActionFixture = {
  actionId: 'ssm.run-automation',
  create: () => target(runbook),
  variants: {
    'with an inverse': () =>
      target({ ...runbook, inverse: { documentName: 'Checkout-DisableMaintenance', documentVersion: '2' } }),
  },
};

async function target(parameters: RunAutomationParameters): Promise<FixtureTarget> {
  const ssm = await startAutomationStandIn();
  ssm.runbooks.set('Checkout-EnableMaintenance:3', 'Success');
  ssm.runbooks.set('Checkout-DisableMaintenance:2', 'Success');
  return {
    parameters,
    unknownParameters: { ...parameters, documentVersion: '4' },
    // Another change, or a person who gave it the tag, started the inverse or, without one, the same run.
    foreignWrite: async () => {
      ssm.start({ tagKeys: [tagKeyOf(inverseRunOf(parameters) ?? runOf(parameters))] });
    },
    effects: () => ssm.automations.filter(({ documentName }) => documentName === runbook.documentName).length,
    endpointUrl: ssm.url,
    destroy: ssm.stop,
  };
}
