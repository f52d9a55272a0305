import { actionHandler } from '../action.handler.ts';
import { DesiredCountClient } from './desired-count.client.ts';
import { desiredCountTarget } from './desired-count-target.ts';

/** Sets the desired count of an ECS service. */
export const handler = actionHandler(desiredCountTarget, new DesiredCountClient());
