import type { Child } from 'hono/jsx';
import type { SuccessCriterion } from '../../../change/plan.ts';
import { showUntrusted } from '../../untrusted-text.ts';

/** How it will be known that the change helped. */
export function SuccessCriteria({ criteria }: { criteria: readonly SuccessCriterion[] }) {
  return (
    <section>
      <h2>It counts as fixed when</h2>
      <ul class="plain">
        {criteria.map((criterion) => (
          <li>{describe(criterion)}</li>
        ))}
      </ul>
    </section>
  );
}

function describe(criterion: SuccessCriterion): Child {
  switch (criterion.kind) {
    case 'metric':
      return (
        <>
          metric{' '}
          <code>
            {showUntrusted(criterion.namespace)}/{showUntrusted(criterion.metricName)}
          </code>{' '}
          ({criterion.statistic.toLowerCase()}) is{' '}
          {criterion.comparison === 'at-most' ? 'at most' : 'at least'} {criterion.threshold}
        </>
      );
    case 'alarm-ok':
      return (
        <>
          alarm <code>{showUntrusted(criterion.alarmName)}</code> is OK again
        </>
      );
    case 'http-probe':
      return (
        <>
          <code>{showUntrusted(criterion.url)}</code> answers {criterion.expectStatus}
        </>
      );
    case 'read-back':
      return (
        <>
          reading the target back gives <code>{showUntrusted(criterion.expected)}</code>
        </>
      );
  }
}
