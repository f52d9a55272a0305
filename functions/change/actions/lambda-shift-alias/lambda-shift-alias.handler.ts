import { actionHandler } from '../action.handler.ts';
import { AliasClient } from './alias.client.ts';
import { aliasTarget } from './alias-target.ts';

/** Shifts a Lambda alias. */
export const handler = actionHandler(aliasTarget, new AliasClient());
