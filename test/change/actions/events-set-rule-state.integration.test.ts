import { DisableRuleCommand, EventBridgeClient, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SetRuleStateParameters } from '../../../functions/change/actions/events-set-rule-state/definition.ts';
import { RuleClient } from '../../../functions/change/actions/events-set-rule-state/rule.client.ts';
import { ruleTarget } from '../../../functions/change/actions/events-set-rule-state/rule-target.ts';
import { fixture } from './events-set-rule-state.fixture.ts';

const events = new EventBridgeClient({});
const client = new RuleClient();

async function prepared() {
  const made = await fixture.create();
  onTestFinished(made.destroy);
  return made;
}
async function stateOf(parameters: SetRuleStateParameters) {
  const reading = await client.read(parameters);
  if (reading.outcome !== 'found') throw new Error(reading.reason);
  return reading.state;
}

describe('an EventBridge rule', () => {
  it('is disabled and enabled again', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    expect(snapshot.state).toBe('ENABLED');
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const disabled = await stateOf(parameters);
    expect(disabled).toStrictEqual({ ...snapshot, state: 'DISABLED' });
    expect(await client.restore(parameters, snapshot, disabled)).toStrictEqual({ outcome: 'written' });
    expect(await stateOf(parameters)).toStrictEqual(snapshot);
  });

  it('on the default bus is another one than that of the same name elsewhere', async () => {
    const { parameters } = await prepared();
    const onDefault = { ...parameters, ruleName: `${parameters.eventBusName}-rule`, eventBusName: 'default' };
    expect(await client.read(onDefault)).toMatchObject({ outcome: 'refused' });
    const pattern = JSON.stringify({ source: ['shop'] });
    await events.send(new PutRuleCommand({ Name: onDefault.ruleName, EventPattern: pattern }));
    expect(await client.apply(onDefault, await stateOf(onDefault))).toStrictEqual({ outcome: 'written' });
    expect(await stateOf(onDefault)).toMatchObject({ state: 'DISABLED' });
    expect(await stateOf(parameters)).toMatchObject({ state: 'ENABLED' });
  });

  it('that somebody else has rewritten since is left alone', async () => {
    const { parameters, foreignWrite } = await prepared();
    const snapshot = await stateOf(parameters);
    await foreignWrite();
    const current = await stateOf(parameters);
    expect(current.state).toBe(snapshot.state);
    expect(ruleTarget.isUntouched(snapshot, current)).toBe(false);
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toStrictEqual(current);
  });

  it('that somebody else has switched in the meantime is not switched back', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    const rule = { Name: parameters.ruleName, EventBusName: parameters.eventBusName };
    await events.send(new DisableRuleCommand(rule));
    expect(await client.restore(parameters, snapshot, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toMatchObject({ state: 'DISABLED' });
  });

  it('that does not exist is refused, and so is one whose bus does not', async () => {
    const { parameters, unknownParameters } = await prepared();
    expect(await client.read(unknownParameters)).toMatchObject({ outcome: 'refused' });
    expect(await client.read({ ...parameters, eventBusName: 'nowhere' })).toMatchObject({
      outcome: 'refused',
    });
    const snapshot = await stateOf(parameters);
    expect(await client.apply(unknownParameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });
});
