import { actionHandler } from '../action.handler.ts';
import { ReservedConcurrencyClient } from './reserved-concurrency.client.ts';
import { reservedConcurrencyTarget } from './reserved-concurrency-target.ts';

/** Sets the reserved concurrency of a Lambda function. */
export const handler = actionHandler(reservedConcurrencyTarget, new ReservedConcurrencyClient());
