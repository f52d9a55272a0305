import { Command } from 'commander';
import { lintCommand, matrixCommand, schemaCommand, testCommand } from './policy-files.ts';
import { historyCommand, replayCommand, showCommand } from './policy-records.ts';

/** The policies as they stand in the tree, and as they were when something was decided. */
export function policyCommand(): Command {
  const command = new Command('policy')
    .description('test and read the policies, see what was published, make decisions again')
    .addHelpText(
      'after',
      '\n`test`, `lint`, `schema` and `matrix` without --live read the files of the tree and need no stack; the others do.',
    );
  for (const child of [
    testCommand,
    lintCommand,
    matrixCommand,
    schemaCommand,
    historyCommand,
    showCommand,
    replayCommand,
  ]) {
    command.addCommand(child());
  }
  return command;
}
