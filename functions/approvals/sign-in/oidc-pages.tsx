import type { Child } from 'hono/jsx';
import type { SignInPage } from './identity.ts';

/** Why a sign-in did not end in a session. */
export type SignInTrouble = 'not-ours' | 'declined' | 'not-vouched' | 'nameless' | 'unavailable';

const troubles = {
  'not-ours': [
    400,
    'This sign-in could not be finished',
    'It took longer than ten minutes, was begun in another browser, or was finished before. Please sign in again.',
  ],
  declined: [403, 'You are not signed in', 'Your identity provider did not sign you in. You can try again.'],
  'not-vouched': [
    403,
    'This sign-in was not accepted',
    'What your identity provider sent could not be verified. Please sign in again; if that does not help, tell whoever runs this stage.',
  ],
  nameless: [
    403,
    'Your account cannot be used here',
    'Your identity provider does not say who you are in the way this stage needs. Tell whoever runs this stage.',
  ],
  unavailable: [
    503,
    'The identity provider does not answer',
    'Nobody can be signed in until it does. Nothing was decided; please try again.',
  ],
} as const;

/** A page that says what went wrong and offers to sign in again, back to where the person was going. */
export function troublePage(trouble: SignInTrouble, returnTo: string): SignInPage {
  const [status, title, text] = troubles[trouble];
  return {
    status,
    title,
    content: (
      <div class="narrow">
        <h1>{title}</h1>
        <p class="lead" role="alert">
          {text}
        </p>
        <StartLink returnTo={returnTo}>Sign in again</StartLink>
      </div>
    ),
  };
}

/** The page before the provider's own. */
export function startPage(props: {
  provider: string;
  returnTo: string;
  /** Present right after signing out. */
  signedOut?: { readonly providerUrl?: string };
}): SignInPage {
  const { provider, returnTo, signedOut } = props;
  const title = signedOut === undefined ? 'Sign in' : 'You are signed out';
  return {
    status: 200,
    title,
    content: (
      <div class="narrow">
        <h1>{title}</h1>
        <p class="lead">
          {signedOut === undefined
            ? 'To see and decide approvals, sign in with your organisation’s account.'
            : 'This session is over, in this browser and everywhere else.'}
        </p>
        <StartLink returnTo={returnTo}>Sign in with {provider}</StartLink>
        {signedOut?.providerUrl !== undefined && (
          <p class="hint">
            <a href={signedOut.providerUrl}>Sign out of {provider} too</a>
          </p>
        )}
      </div>
    ),
  };
}

function StartLink(props: { returnTo: string; children?: Child }) {
  return (
    <p class="stack">
      <a class="button approve" href={`/sign-in/start?returnTo=${encodeURIComponent(props.returnTo)}`}>
        {props.children}
      </a>
    </p>
  );
}
