import { actionHandler } from '../action.handler.ts';
import { QueueClient } from './queue.client.ts';
import { queueTarget } from './queue-target.ts';

/** Moves the messages of a dead-letter queue back to where they came from. */
export const handler = actionHandler(queueTarget, new QueueClient());
