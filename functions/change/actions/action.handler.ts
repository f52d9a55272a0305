import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { systemClock } from '../../platform/clock.ts';
import { Database } from '../../platform/dynamodb.ts';
import { taskHandler } from '../../platform/pipeline.ts';
import { readSettings } from '../../platform/settings.ts';
import { ActionRunner } from './action-runner.ts';
import { ActionRuntimeStore } from './action-runtime.store.ts';
import { actionTaskInput } from './action-task.ts';
import { AlarmClient } from './alarm.client.ts';
import { HttpProbeClient } from './http-probe.client.ts';
import { MetricClient } from './metric.client.ts';
import { OwnershipClient } from './ownership.client.ts';
import { SnapshotStore } from './snapshot.store.ts';
import type { TargetClient, TargetRules } from './target.ts';

/**
 * The handler of one action: pre-check, snapshot, execute, validate and roll back, on the role that may touch this kind
 * of target and no other. What differs between actions is the rules of their target and the client that reaches it.
 */
export function actionHandler<Parameters extends object, State>(
  rules: TargetRules<Parameters, State>,
  client: TargetClient<Parameters, State>,
) {
  const settings = readSettings({
    CONTROLS_TABLE: z.string(),
    ENVIRONMENT: z.string(),
    OPERATIONS_TABLE: z.string(),
    PLACE: z.string().check(z.regex(/^[a-z-]+:[a-z0-9-]+:[0-9]{12}$/)),
    SNAPSHOT_BUCKET: z.string(),
    VALIDATION_SECONDS: z.coerce.number().check(z.int(), z.positive()),
  });
  const tables = { controls: settings.CONTROLS_TABLE, operations: settings.OPERATIONS_TABLE };
  const [partition = '', region = '', account = ''] = settings.PLACE.split(':');
  const runner = new ActionRunner(rules, client, {
    environment: settings.ENVIRONMENT,
    place: { partition, region, account },
    validationSeconds: settings.VALIDATION_SECONDS,
    clock: systemClock,
    pause: (seconds) => sleep(seconds * 1_000),
    runtime: new ActionRuntimeStore(new Database(), tables),
    snapshots: new SnapshotStore(settings.SNAPSHOT_BUCKET),
    owners: new OwnershipClient(),
    alarms: new AlarmClient(),
    metrics: new MetricClient(),
    probe: new HttpProbeClient(settings.ENVIRONMENT),
  });
  return taskHandler(actionTaskInput, (task) => runner.run(task));
}
