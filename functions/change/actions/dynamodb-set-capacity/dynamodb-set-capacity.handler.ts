import { actionHandler } from '../action.handler.ts';
import { TableClient } from './table.client.ts';
import { tableTarget } from './table-target.ts';

/** Sets the provisioned capacity of a DynamoDB table. */
export const handler = actionHandler(tableTarget, new TableClient());
