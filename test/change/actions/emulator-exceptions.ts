/**
 * Actions whose API the local emulator does not have, and why. Their contract is held against a stand-in that
 * answers just these calls over real HTTP to the real SDK client; everything else stays the same. Shown in
 * `docs/actions/`.
 */
export const notOnTheEmulator: Readonly<Record<string, string>> = {
  'sqs.redrive-dead-letters':
    'MiniStack 1.5.33 knows neither message move tasks nor the source queues of a dead-letter queue; a server before it really moves the messages.',
  'ssm.run-automation':
    'MiniStack 1.5.33 knows no call of SSM Automation and no SSM documents (`InvalidAction`).',
  'states.redrive-execution':
    'MiniStack 1.5.33 knows no `RedriveExecution` (`InvalidAction`) and describes an execution without redrive count and status, so that the action refuses it.',
};
