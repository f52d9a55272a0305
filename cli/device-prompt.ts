import type { DevicePrompt } from './identity-provider.ts';
import { printable } from './output.ts';

/** Where people are told how to sign in: never where results are printed. */
export interface Screen {
  /** Somebody can read it and answer. */
  readonly isInteractive: boolean;
  readonly write: (text: string) => void;
}

/** Where to sign in, with which code, and for how long. */
export function promptText(
  stage: string,
  { userCode, verificationUri, verificationUriComplete, expiresInSeconds }: DevicePrompt,
): string {
  const minutes = Math.floor(expiresInSeconds / 60);
  const code = printable(userCode);
  return [
    `To sign in to stage ${stage}, open this address in a browser:`,
    `  ${verificationUriComplete ?? verificationUri}`,
    verificationUriComplete === undefined
      ? `and type the code  ${code}`
      : `and check that it shows the code  ${code}  (by hand: ${verificationUri})`,
    `It waits for ${minutes < 1 ? `${expiresInSeconds} s` : `${minutes} min`}; Ctrl-C stops.`,
    '',
  ].join('\n');
}

/** A line that counts down, where there is a terminal to show it on. */
export function showTimeLeft({ isInteractive, write }: Screen, seconds: number): NodeJS.Timeout | undefined {
  if (!isInteractive) return undefined;
  const until = Date.now() + seconds * 1_000;
  const show = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1_000));
    write(`\r\u001B[Kwaiting, ${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`);
  };
  show();
  return setInterval(show, 1_000);
}
