import { actionHandler } from '../action.handler.ts';
import { DesiredCapacityClient } from './desired-capacity.client.ts';
import { desiredCapacityTarget } from './desired-capacity-target.ts';

/** Sets the desired capacity of an Auto Scaling group. */
export const handler = actionHandler(desiredCapacityTarget, new DesiredCapacityClient());
