import type { Command } from 'commander';
import { InterlockError } from '../functions/platform/errors.ts';
import { ApprovalsApi, readProviderClient } from './approvals-api.ts';
import { connectFor, optionsOf } from './commands/options.ts';
import { isInteractive } from './confirmation.ts';
import type { Screen } from './device-prompt.ts';
import { loginCommand, SignIn } from './sign-in.ts';
import { configFolder, TokenFile } from './token-file.ts';

/** Standard error, so that what a command prints can be piped. */
const screen: Screen = {
  isInteractive: isInteractive(),
  write: (text) => void process.stderr.write(text),
};

/** How a command signs in on its stage, and where the pages of that stage are. */
export async function openSignIn(command: Command): Promise<{
  readonly signIn: SignIn;
  readonly stage: string;
  readonly pagesUrl: string;
  readonly file: TokenFile;
}> {
  const { as, stage: asked = 'local' } = optionsOf(command);
  if (as !== undefined && asked !== 'local') {
    throw new InterlockError(
      'cli.no-such-person',
      `--as is for the local stack; approvals of stage ${asked} are decided by who signed in with \`${loginCommand(asked)}\``,
    );
  }
  const { stage, pagesUrl } = await connectFor(command);
  if (stage !== 'local' && !pagesUrl.startsWith('https://')) {
    throw new InterlockError('cli.insecure-pages', `the pages of stage ${stage} are not reached by https`);
  }
  const file = new TokenFile(configFolder(), stage);
  const client = await readProviderClient(pagesUrl);
  const signIn = new SignIn({ stage, client, file, screen, ...(as === undefined ? {} : { as }) });
  return { signIn, stage, pagesUrl, file };
}

/** The approvals API as whoever runs the command. */
export async function openApprovals(
  command: Command,
): Promise<{ readonly api: ApprovalsApi; readonly pagesUrl: string }> {
  const { signIn, pagesUrl } = await openSignIn(command);
  return { api: new ApprovalsApi(pagesUrl, () => signIn.idToken()), pagesUrl };
}
