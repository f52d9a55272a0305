import { actionHandler } from '../action.handler.ts';
import { DeploymentClient } from './deployment.client.ts';
import { deploymentTarget } from './deployment-target.ts';

/** Deploys another version of a hosted AppConfig configuration. */
export const handler = actionHandler(deploymentTarget, new DeploymentClient());
