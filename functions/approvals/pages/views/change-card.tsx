import type { Plan } from '../../../change/plan.ts';
import type { Dossier } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { percent, targetType } from '../../words.ts';
import { differenceOf, type ValueParts } from '../value-difference.ts';

/** Characters of what does not change that stand around what does. */
const contextCharacters = 24;
/** Values up to here are always shown whole. */
const wholeCharacters = 80;
/** Values up to here stand side by side even on a phone, which leaves the buttons on the first screen. */
const shortCharacters = 12;

type Effect = NonNullable<Plan['effect']>;

/** What stands there now, what will, on what, how much of it, and what that does to whoever owns it. */
export function ChangeCard({ dossier }: { dossier: Dossier }) {
  const { plan, impact, ownerStack } = dossier;
  const { target, effect } = plan;
  return (
    <div class="card change">
      <h2>What changes</h2>
      {effect !== undefined && <Difference effect={effect} />}
      <p class="soft small target">
        {target !== undefined && (
          <>
            {targetType(target.type)} <code>{showUntrusted(target.id)}</code>
            {impact === undefined ? '' : ' · '}
          </>
        )}
        {impact !== undefined &&
          `${impact.resources} ${impact.resources === 1 ? 'resource' : 'resources'}, ${percent(impact.capacityPercent / 100)} of its capacity or traffic`}
      </p>
      {ownerStack !== undefined && (
        <p class="notice warn small">
          <strong>It will drift.</strong> Stack <code>{showUntrusted(ownerStack)}</code> owns this target: its
          next deployment undoes the change, unless the template is changed too.
        </p>
      )}
    </div>
  );
}

/** Both values in full, where {@link ChangeCard} shows only the part of them that differs. */
export function WholeValues({ effect }: { effect: Effect | undefined }) {
  if (effect === undefined) return null;
  const sides = Object.values(differenceOf(effect.before, effect.after));
  if (!sides.some((side) => isLeftOut(side, 'start') || isLeftOut(side, 'end'))) return null;
  return (
    <section>
      <h2>The whole values</h2>
      <dl class="facts">
        <div>
          <dt>Now</dt>
          <dd class="mono whole">{showUntrusted(effect.before)}</dd>
        </div>
        <div>
          <dt>After</dt>
          <dd class="mono whole">{showUntrusted(effect.after)}</dd>
        </div>
      </dl>
    </section>
  );
}

function Difference({ effect }: { effect: Effect }) {
  const { before, after } = differenceOf(effect.before, effect.after);
  const longest = Math.max(effect.before.length, effect.after.length);
  const size = longest <= shortCharacters ? 'diff short' : longest <= wholeCharacters ? 'diff' : 'diff long';
  return (
    <div class={size}>
      <div class="side">
        <small>Now</small>
        <Value parts={before} />
      </div>
      <span class="arrow" aria-hidden="true">
        →
      </span>
      <div class="side after">
        <small>After</small>
        <Value parts={after} />
      </div>
    </div>
  );
}

/** Only what is the same on both sides is ever left out. What differs is marked where that helps to find it. */
function Value({ parts }: { parts: ValueParts }) {
  const { start, changed, end } = parts;
  const isMarked = changed.length < start.length + end.length;
  return (
    <span class="mono">
      {isLeftOut(parts, 'start')
        ? `…${showUntrusted(start.slice(-contextCharacters))}`
        : showUntrusted(start)}
      {isMarked ? <mark>{showUntrusted(changed)}</mark> : showUntrusted(changed)}
      {isLeftOut(parts, 'end') ? `${showUntrusted(end.slice(0, contextCharacters))}…` : showUntrusted(end)}
    </span>
  );
}

function isLeftOut({ start, changed, end }: ValueParts, which: 'start' | 'end'): boolean {
  const isLong = start.length + changed.length + end.length > wholeCharacters;
  return isLong && (which === 'start' ? start : end).length > contextCharacters;
}
