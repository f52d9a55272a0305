import { Command } from 'commander';
import { openSignIn } from '../approvals-access.ts';
import { dim, good, printable, printJson } from '../output.ts';
import { logout } from '../sign-in.ts';
import { configFolder, TokenFile } from '../token-file.ts';
import { optionsOf } from './options.ts';

/** Sign in once, so that approvals can be decided from here. */
export function loginCommand(): Command {
  return new Command('login')
    .description('sign in to decide approvals from here: confirm in a browser, on this machine or any other')
    .addHelpText(
      'after',
      '\nKeeps a refresh token in ~/.config/interlock/<stage>.json (or $XDG_CONFIG_HOME), readable by you alone.\nOn the local stage nobody needs it: --as <user> signs in for one command and keeps nothing.',
    )
    .action((_options, self: Command) => login(self));
}

/** Forget the login of a stage. */
export function logoutCommand(): Command {
  return new Command('logout')
    .description('forget the login of a stage, here and at the identity provider')
    .action((_options, self: Command) => forget(self));
}

async function login(command: Command): Promise<void> {
  const { as, json } = optionsOf(command);
  if (as !== undefined) {
    command.error('--as signs in for one command and keeps nothing; leave it out to log in', { exitCode: 2 });
  }
  const { signIn, stage, file } = await openSignIn(command);
  const { person, kept } = await signIn.login();
  if (json === true) {
    printJson({ outcome: 'signed-in', stage, person, kept, ...(kept ? { file: file.path } : {}) });
    return;
  }
  console.log(good(`signed in to stage ${stage} as ${printable(person)}`));
  if (kept) console.log(dim(`the refresh token is kept in ${file.path}; \`interlock logout\` ends it`));
  else {
    console.log('the identity provider gave no refresh token, so nothing is kept: each command asks again');
  }
}

async function forget(command: Command): Promise<void> {
  const { stage = 'local', json } = optionsOf(command);
  const outcome = await logout(stage, new TokenFile(configFolder(), stage));
  if (json === true) printJson({ outcome, stage });
  else console.log(logoutWords[outcome](stage));
}

const logoutWords = {
  'logged-out': (stage: string) => good(`logged out of stage ${stage}`),
  'was-not-logged-in': (stage: string) => `nobody was logged in to stage ${stage}`,
  'forgotten-here-only': (stage: string) =>
    `the login to stage ${stage} is forgotten here; the identity provider could not be told to end it, so it runs out by itself`,
} as const;
