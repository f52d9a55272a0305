import type { IdentityProvider, SignInPage } from './identity.ts';

/** A stage without an identity provider: nobody is anybody, so nobody can decide anything. */
export const noSignIn: IdentityProvider = {
  identify: async () => undefined,
  confirm: async () => ({ outcome: 'sign-in-again' }),
  signInPage: async () => page,
  start: async () => ({ outcome: 'refused', page }),
  complete: async () => ({ outcome: 'refused', page }),
  end: async () => undefined,
};

const page: SignInPage = {
  status: 503,
  title: 'Sign-in is not configured',
  content: (
    <div class="narrow">
      <h1>Sign-in is not configured for this stage</h1>
      <p class="lead">
        Nobody can be identified here, so nothing can be approved. Approvals that are not decided expire,
        which rejects them.
      </p>
    </div>
  ),
};
