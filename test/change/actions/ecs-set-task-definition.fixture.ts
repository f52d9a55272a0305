import type { SetTaskDefinitionParameters } from '../../../functions/change/actions/ecs-set-task-definition/definition.ts';
import type { ActionFixture } from './action-fixture.ts';
import { createService } from './ecs-service.ts';

/** A tagged service at revision 2; others deploy revision 3. */
export const fixture = {
  actionId: 'ecs.set-task-definition',
  async create(environment = 'local') {
    const { cluster, service, family, look, update, destroy } = await createService(environment);
    const parameters: SetTaskDefinitionParameters = {
      cluster,
      service,
      fromTaskDefinition: `${family}:2`,
      toTaskDefinition: `${family}:1`,
    };
    return {
      parameters,
      unknownParameters: { ...parameters, service: `${service}-gone` },
      look,
      foreignWrite: () => update({ taskDefinition: `${family}:3` }),
      destroy,
    };
  },
} satisfies ActionFixture;
