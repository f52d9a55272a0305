import { channelDefences } from './removed/channel-defences.ts';
import { formDefences } from './removed/form-defences.ts';
import { identityDefences } from './removed/identity-defences.ts';
import { pageDefences } from './removed/page-defences.ts';
import { personDefences } from './removed/person-defences.ts';
import type { RemovedDefence } from './removed/removed-defence.ts';
import { signInDefences } from './removed/sign-in-defences.ts';
import { tokenDefences } from './removed/token-defences.ts';

/** Where honest people do what they came for: it must go on working while a defence is removed. */
export const control = 'control > honest people sign in, read and decide';

/** At least one for every attack: `npm run check:attacks` refuses a list that leaves one out. */
export const removedDefences: readonly RemovedDefence[] = [
  ...formDefences,
  ...personDefences,
  ...identityDefences,
  ...signInDefences,
  ...tokenDefences,
  ...channelDefences,
  ...pageDefences,
];
