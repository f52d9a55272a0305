import {
  type EngagedSwitches,
  type SwitchSubject,
  switchesOver,
} from '../../../platform/kill-switch-scope.ts';
import { scopeName } from '../../words.ts';
import { HowToRelease, StopForm } from './stop-view.tsx';

/** How many narrower switches are named on every page. */
const named = 3;

/** How the kill switches stand, on every page of somebody who is signed in. */
export function KillSwitchBar(props: { engaged: EngagedSwitches; stopToken: string | undefined }) {
  const { engaged, stopToken } = props;
  const isGlobal = engaged !== 'unreadable' && engaged.includes('global');
  const isOn = engaged === 'unreadable' || engaged.length > 0;
  return (
    <aside class={isOn ? 'switch on' : 'switch'} aria-label="Kill switch">
      <div class="wrap">
        <span class="dot" aria-hidden="true" />
        <span>
          <State engaged={engaged} />
        </span>
        {stopToken !== undefined && (isGlobal ? <HowToRelease /> : <StopForm formToken={stopToken} />)}
      </div>
    </aside>
  );
}

function State({ engaged }: { engaged: EngagedSwitches }) {
  if (engaged === 'unreadable') {
    return (
      <>
        <strong>Kill switch could not be read,</strong> which counts as engaged: nothing starts, approved or
        not.
      </>
    );
  }
  if (engaged.length === 0) return <>Kill switch is off.</>;
  if (engaged.includes('global')) {
    return (
      <>
        <strong>Kill switch engaged.</strong> Nothing starts, approved or not.
      </>
    );
  }
  const more = engaged.length - named;
  return (
    <>
      <strong>
        Kill switch engaged for {engaged.slice(0, named).map(scopeName).join(', ')}
        {more > 0 ? ` and ${more} more` : ''}.
      </strong>{' '}
      Nothing of that starts, approved or not.
    </>
  );
}

/** What approving comes to while a kill switch covers it; nothing where none does. */
export function StoppedMeanwhile({ engaged, subject }: { engaged: EngagedSwitches; subject: SwitchSubject }) {
  const { reading, scope = 'global' } = switchesOver(engaged, subject);
  if (reading === 'released') return null;
  return (
    <p class="notice warn">
      <strong>
        {reading === 'unreadable'
          ? 'The kill switch could not be read, which counts as engaged.'
          : `The kill switch for ${scopeName(scope)} is engaged.`}
      </strong>{' '}
      What is approved meanwhile does not start, and is not started later either.
    </p>
  );
}
