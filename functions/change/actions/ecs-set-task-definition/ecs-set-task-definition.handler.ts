import { actionHandler } from '../action.handler.ts';
import { TaskDefinitionClient } from './task-definition.client.ts';
import { taskDefinitionTarget } from './task-definition-target.ts';

/** Deploys another revision of an ECS service's task definition. */
export const handler = actionHandler(taskDefinitionTarget, new TaskDefinitionClient());
