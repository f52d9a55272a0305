import type { SetDesiredCountParameters } from '../../../functions/change/actions/ecs-set-desired-count/definition.ts';
import type { ActionFixture } from './action-fixture.ts';
import { createService } from './ecs-service.ts';

/** A tagged service of two tasks; others set 5. */
export const fixture = {
  actionId: 'ecs.set-desired-count',
  async create(environment = 'local') {
    const { cluster, service, look, update, destroy } = await createService(environment);
    const parameters: SetDesiredCountParameters = { cluster, service, fromCount: 2, toCount: 4 };
    return {
      parameters,
      unknownParameters: { ...parameters, service: `${service}-gone` },
      look,
      foreignWrite: () => update({ desiredCount: 5 }),
      destroy,
    };
  },
} satisfies ActionFixture;
