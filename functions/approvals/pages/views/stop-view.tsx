import { stopReasonMaxCharacters } from '../stop-reason.ts';

/** Stops everything: opened first, a reason, and a button of its own, so that nobody does it by a slip. */
export function StopForm({ formToken }: { formToken: string }) {
  return (
    <details class="stop">
      <summary>Stop everything…</summary>
      <form method="post" action="/stop">
        <input type="hidden" name="csrf" value={formToken} />
        <p>
          Nothing more starts, in no environment and whoever approved it, until somebody releases the kill
          switch. Changes under way are still undone if they do not help.
        </p>
        <label class="field">
          Why?
          <input type="text" name="reason" required maxlength={stopReasonMaxCharacters} autocomplete="off" />
        </label>
        <button class="button refuse" type="submit">
          Stop everything now
        </button>
      </form>
    </details>
  );
}

/** Where the switch is engaged already. */
export function HowToRelease() {
  return (
    <details class="stop">
      <summary>How to release it</summary>
      <Release />
    </details>
  );
}

/** What was done and how it is undone. */
export function StoppedView({ reason }: { reason: string }) {
  return (
    <div class="narrow">
      <h1>Everything is stopped</h1>
      <p class="lead">
        Nothing more starts, approved or not. Changes that were under way are finished or undone. Requests go
        on waiting for people, and expire.
      </p>
      <p class="notice">
        It is in the ledger under your name: <q>{reason}</q>
      </p>
      <h2 class="list">To release it</h2>
      <Release />
      <p class="crumb">
        <a href="/">← All approvals</a>
      </p>
    </div>
  );
}

function Release() {
  return (
    <div class="release">
      <p>Whoever runs Interlock does that in a terminal, once it is known to be safe:</p>
      <pre class="command">
        <code>interlock kill-switch off --reason "…"</code>
      </pre>
      <p class="soft small">
        <code>interlock kill-switch status</code> says who engaged it, why, and what is still under way.
      </p>
    </div>
  );
}
