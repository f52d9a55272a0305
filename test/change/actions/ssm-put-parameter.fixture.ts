import { randomUUID } from 'node:crypto';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { ActionFixture } from './action-fixture.ts';

export const fixture: ActionFixture = {
  actionId: 'ssm.put-parameter',
  create: async (environment = 'local') => {
    const ssm = new SSMClient({});
    const name = `/contract-${randomUUID().slice(0, 8)}/flag`;
    const put = async (Value: string) => {
      await ssm.send(new PutParameterCommand({ Name: name, Value, Type: 'String', Overwrite: true }));
    };
    const Tags = [
      { Key: 'interlock:environment', Value: environment },
      { Key: 'interlock:workload', Value: 'test' },
    ];
    await ssm.send(new PutParameterCommand({ Name: name, Value: 'on', Type: 'String', Tags }));
    return {
      parameters: { name, fromValue: 'on', toValue: 'off' },
      unknownParameters: { name: `${name}/nowhere`, fromValue: 'on', toValue: 'off' },
      // The same value again: only its version tells.
      foreignWrite: () => put('on'),
      look: async () => {
        const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
        return { value: Parameter?.Value, type: Parameter?.Type };
      },
    };
  },
};
