import {
  ConcurrentModificationException,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-eventbridge';
import { digestOf } from '../../../platform/digest.ts';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { SetRuleStateParameters } from './definition.ts';
import { type RuleState, ruleTarget } from './rule-target.ts';

/**
 * Reads, enables and disables one rule. EventBridge has neither a conditional write nor a version of a rule:
 * it is compared once more right before the write, and what somebody does in the few milliseconds after
 * that, or undoes to the letter before it, is not seen.
 */
export class RuleClient implements TargetClient<SetRuleStateParameters, RuleState> {
  readonly #reader: EventBridgeClient;
  readonly #writer: EventBridgeClient;

  constructor(
    reader: EventBridgeClient = new EventBridgeClient({}),
    writer: EventBridgeClient = new EventBridgeClient({ maxAttempts: 1 }),
  ) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ ruleName, eventBusName }: SetRuleStateParameters): Promise<TargetReading<RuleState>> {
    try {
      const rule = await this.#reader.send(
        new DescribeRuleCommand({ Name: ruleName, EventBusName: eventBusName }),
      );
      if (rule.ManagedBy !== undefined && rule.ManagedBy !== '') {
        return { outcome: 'refused', reason: 'the rule is managed by an AWS service' };
      }
      // The third state, for all management events of CloudTrail, could not be restored by enabling.
      if (rule.State !== 'ENABLED' && rule.State !== 'DISABLED') {
        return { outcome: 'refused', reason: 'the rule is neither plainly enabled nor disabled' };
      }
      const { EventPattern, ScheduleExpression, Description, RoleArn } = rule;
      const contentDigest = digestOf([EventPattern, ScheduleExpression, Description, RoleArn].map(orNull));
      return { outcome: 'found', state: { state: rule.State, contentDigest } };
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw unavailableIfTransient(error, 'EventBridge');
      return { outcome: 'refused', reason: 'the rule or its event bus does not exist' };
    }
  }

  apply(parameters: SetRuleStateParameters, snapshot: RuleState): Promise<TargetWrite> {
    return this.#set(parameters, parameters.toState, snapshot);
  }

  restore(parameters: SetRuleStateParameters, snapshot: RuleState, current: RuleState): Promise<TargetWrite> {
    return this.#set(parameters, snapshot.state, current);
  }

  #set(
    parameters: SetRuleStateParameters,
    state: RuleState['state'],
    follows: RuleState,
  ): Promise<TargetWrite> {
    const rule = { Name: parameters.ruleName, EventBusName: parameters.eventBusName };
    return lookThenWrite({
      service: 'EventBridge',
      read: () => this.read(parameters),
      isStill: (current) => ruleTarget.isUntouched(follows, current),
      write: async () => {
        try {
          await this.#writer.send(
            state === 'ENABLED' ? new EnableRuleCommand(rule) : new DisableRuleCommand(rule),
          );
          return { outcome: 'written' };
        } catch (error) {
          if (error instanceof ConcurrentModificationException) return { outcome: 'target-changed' };
          throw error;
        }
      },
    });
  }
}

function orNull(text: string | undefined): string | null {
  return text ?? null;
}
