import { actionHandler } from '../action.handler.ts';
import { InstanceClient } from './instance.client.ts';
import { instanceTarget } from './instance-target.ts';

/** Reboots a running EC2 instance. */
export const handler = actionHandler(instanceTarget, new InstanceClient());
