import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { approvalsCommand } from '../../cli/commands/approvals.ts';
import { loginCommand } from '../../cli/commands/login.ts';

/** What is wrong with a line, found before anything is asked of any stage. */
async function refusalOf(line: readonly string[]): Promise<{ exitCode: number; said: string }> {
  let said = '';
  const program = new Command('interlock').option('--as <user>').option('--json');
  for (const command of [approvalsCommand(), loginCommand()]) program.addCommand(command);
  const prepare = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: (text) => void (said += text) });
    command.commands.forEach(prepare);
  };
  prepare(program);
  try {
    await program.parseAsync(line, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode, said };
    throw error;
  }
  throw new Error('nothing is wrong with it');
}

describe('wrong usage', () => {
  it.each([
    ['--as ana login', /--as signs in for one command/],
    ['approvals reject apr-1', /required option '--reason <reason>'/],
    ['approvals reject apr-1 --reason constructor', /Allowed choices are wrong-target/],
    ['approvals reject apr-1 --reason other', /--reason other alone tells nobody anything/],
    ['approvals reject apr-1 --reason other --comment \u200B', /add --comment with what is wrong/],
    ['approvals reject apr-1 --reason never-again extra', /too many arguments/],
    ['approvals approve', /missing required argument 'approval'/],
    [`approvals approve apr-1 --yes --comment ${'x'.repeat(1_001)}`, /at most 1000 characters/],
    ['approvals approve apr-1 --reason other', /unknown option '--reason'/],
    ['approvals list --view everything', /Allowed choices are mine, all, decided/],
    ['approvals --view everything', /Allowed choices are mine, all, decided/],
    ['approvals figures --since ever', /a period such as 90m, 24h or 30d/],
    ['approvals figures --since -1d', /a period such as/],
    ['approvals fly', /too many arguments/],
  ])('%s', async (line, message) => {
    const { exitCode, said } = await refusalOf(line.split(' '));
    expect(said).toMatch(message);
    expect(exitCode).toBeGreaterThan(0);
  });
});
