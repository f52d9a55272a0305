import { Command } from 'commander';
import { InterlockError } from '../functions/platform/errors.ts';
import { approvalsCommand } from './commands/approvals.ts';
import { auditCommand } from './commands/audit.ts';
import { autonomyCommand } from './commands/autonomy.ts';
import { breakGlassCommand } from './commands/break-glass.ts';
import { changeCommand } from './commands/change.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { exceptionCommand } from './commands/exception.ts';
import { explainCommand } from './commands/explain.ts';
import { findingsCommand } from './commands/findings.ts';
import { incidentCommand } from './commands/incident.ts';
import { killSwitchCommand } from './commands/kill-switch.ts';
import { loginCommand, logoutCommand } from './commands/login.ts';
import { policyCommand } from './commands/policy.ts';
import { bad } from './output.ts';
import { interruptedCode } from './sign-in.ts';

const program = new Command('interlock')
  .description(
    'Governed autonomy for AI operations agents on AWS.\nTalks to the local stack that `npm start` runs, or to a deployed stage with --stage.',
  )
  .version('0.1.0')
  .option('--stage <name>', 'a deployed stage (dev, test, prod) instead of the running local stack')
  .option('--as <user>', 'local stack only: act as one of its seeded users (ana, ben, kim, mia)')
  .option('--json', 'print one JSON document instead of words')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed or found something wrong, 2 wrong usage, 3 not stopped yet.',
  )
  .configureOutput({ outputError: (text, write) => write(bad(text)) })
  .showHelpAfterError('(run with --help for the words it takes)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

for (const command of [
  loginCommand,
  logoutCommand,
  killSwitchCommand,
  autonomyCommand,
  breakGlassCommand,
  policyCommand,
  exceptionCommand,
  incidentCommand,
  approvalsCommand,
  changeCommand,
  explainCommand,
  auditCommand,
  evidenceCommand,
  findingsCommand,
]) {
  program.addCommand(inherit(command(), program));
}

/** Usage errors of nested commands must leave with the same exit code and hints. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof InterlockError;
  const message = error instanceof Error ? error.message : String(error);
  console.error(
    bad(`interlock: ${message}`) +
      (known ? '' : ' (unexpected; run again with --json for machines or report it)'),
  );
  // Something may still be waiting in the background: whoever pressed Ctrl-C does not.
  if (known && error.code === interruptedCode) process.exit(130);
  process.exitCode = 1;
}
