import { actionHandler } from '../action.handler.ts';
import { ParameterClient } from './parameter.client.ts';
import { parameterTarget } from './parameter-target.ts';

/** Sets a plain SSM parameter. */
export const handler = actionHandler(parameterTarget, new ParameterClient());
