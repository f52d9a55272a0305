import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/** Settings that a cold start reads; nothing is called, so any value will do. */
const environment = Object.fromEntries(
  [
    'ARTEFACT_VERSION',
    'ENVIRONMENT',
    'CONTROLS_TABLE',
    'OPERATIONS_TABLE',
    'LEDGER_TABLE',
    'INCIDENT_STATE_MACHINE_ARN',
    'CHANGE_STATE_MACHINE_ARN',
    'PERSON_TOPIC_ARN',
    'ROUTING_FUNCTION_ARN',
    'APPROVAL_KEY_ARN',
    'SESSION_SECRET_ARN',
    'SNAPSHOT_BUCKET',
    'MODEL_NAME',
    'BEDROCK_MODEL_ID',
    'ENGAGE_KILL_SWITCH_ARN',
  ].map((name) => [name, 'value']),
);
const typed = {
  P0_DLQ_URL: 'https://localhost/p0',
  P1_DLQ_URL: 'https://localhost/p1',
  P2_DLQ_URL: 'https://localhost/p2',
  MODEL_BASE_URL: 'http://localhost/v1',
  PUBLIC_BASE_URL: 'http://localhost',
  APPROVAL_SECONDS: '900',
  APPROVAL_USABLE_SECONDS: '900',
  LOCK_LEASE_SECONDS: '900',
  PLACE: 'aws:us-east-1:000000000000',
  SNAPSHOT_RETENTION_SECONDS: '604800',
  VERDICT_SECONDS: '600',
  VALIDATION_SECONDS: '60',
  POLICY_DIGEST: 'd'.repeat(64),
  AWS_REGION: 'us-east-1',
  POWERTOOLS_DEV: 'false',
};

/** Milliseconds that a fresh Node process takes to import a Lambda's bundle. */
export function coldImportMs(file: string): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - t); process.exit(0)`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...environment, ...typed },
    encoding: 'utf8',
  });
  return Number(out.trim().split('\n').at(-1));
}
