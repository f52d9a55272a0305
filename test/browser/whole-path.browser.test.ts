import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectThisProcess } from '../../local/connection.ts';
import { aliasRollback } from '../../local/scenarios/alias-rollback.ts';
import { runScenario } from '../../local/scenarios/run-scenario.ts';
import { desk, phone, startChromium, Visit } from './people.ts';

/** A real alarm of the demo workload, decided by a person in Chromium: from the link to the incident's timeline. */
const { state } = inject('deployment');
const origins = [state.frontDoorUrl, state.identityProviderUrl].map((url) => new URL(url).origin);
const scheme = new URL(state.frontDoorUrl).protocol.slice(0, -1);
let browser: Browser;
beforeAll(async () => {
  connectThisProcess(state);
  browser = await startChromium(state.frontDoorUrl, state.identityProviderUrl);
});
afterAll(() => browser.close());

/** Starts an incident that asks for approval. @returns its approval, and how it ends once that is decided */
async function incident() {
  const { promise: approvalId, resolve, reject } = Promise.withResolvers<string>();
  const verdict = runScenario(aliasRollback, {
    state,
    scripted: false,
    alarm: 'own',
    onEntry: ({ type, detail }) => {
      if (type === 'approval.requested') resolve(String(detail['approvalId']));
    },
    onNote: () => {},
  });
  verdict.catch(reject);
  return { link: `${state.frontDoorUrl}/approvals/${await approvalId}`, verdict };
}

describe('the whole path', () => {
  it.each([
    ['phone', phone],
    ['desk', desk],
  ] as const)('from the link to the timeline, on a %s', async (name, viewport) => {
    const { link, verdict } = await incident();
    const visit = await Visit.begin(browser, `${scheme}-${name}`, origins, { viewport });
    const { page } = visit;
    const looksRight = async (step: string): Promise<void> => {
      expect([step, await visit.accessibilityFaults()]).toStrictEqual([step, []]);
      expect([step, await visit.sidewaysPixels()]).toStrictEqual([step, 0]);
      await visit.screenshot(step);
    };

    await page.goto(link);
    expect(await visit.heading()).toBe('Sign in');
    await looksRight('1-sign-in');
    await page.getByRole('link', { name: /^Sign in/ }).click();
    await looksRight('2-provider');
    await page.getByRole('button', { name: 'Ana Duarte' }).click();

    expect(page.url()).toBe(link);
    expect(await visit.heading()).toMatch(/^Change checkout:live from version \d+ to version \d+\?$/);
    await looksRight('3-approval');
    const approve = page.getByRole('button', { name: 'Approve', exact: true });
    expect((await approve.boundingBox())?.y ?? Number.NaN).toBeLessThan(viewport.height);
    await approve.click();

    await page.getByRole('heading', { level: 2, name: 'Approved' }).waitFor();
    expect(page.url()).toBe(link);
    expect(await approve.count()).toBe(0);
    await looksRight('4-outcome');
    expect(await verdict).toMatchObject({ passed: true, result: 'resolved' });

    await page
      .getByRole('region', { name: 'Decision' })
      .getByRole('link', { name: 'Timeline of this incident' })
      .click();
    await page.getByText('chain intact').waitFor();
    for (const entry of ['Incident opened', 'Approval voted', 'Change started', 'Incident closed']) {
      expect(await page.getByText(entry, { exact: true }).count()).toBeGreaterThan(0);
    }
    await looksRight('5-timeline');
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await visit.heading()).toBe('You are signed out');
    await page.goBack();
    await page.goto(link);
    expect(await visit.heading()).toBe('Sign in');
    expect(visit.faults).toStrictEqual([]);
    await visit.end();
  });
});
