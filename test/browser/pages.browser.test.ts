import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { connectThisProcess } from '../../local/connection.ts';
import { Records } from '../../local/scenarios/records.ts';
import { planOf } from '../approvals/fixtures.ts';
import { type Asked, ask, type Question } from '../attacks/asked.ts';
import { hostileTexts } from '../attacks/payloads.ts';
import { desk, phone, startChromium, Visit } from './people.ts';

/** Every page and every way to use it, on requests that are put into the deployed stack's tables. */
const { state, outputs } = inject('deployment');
const { OperationsTable = '', LedgerTable = '' } = outputs;
const origins = [state.frontDoorUrl, state.identityProviderUrl].map((url) => new URL(url).origin);
const scheme = new URL(state.frontDoorUrl).protocol.slice(0, -1);
let browser: Browser;
let visit: Visit;
beforeAll(async () => {
  connectThisProcess(state);
  browser = await startChromium(state.frontDoorUrl, state.identityProviderUrl);
});
afterAll(() => browser.close());
afterEach(() => visit.end());

function stores() {
  const database = new Database();
  const ledger = new LedgerStore(database, LedgerTable, 'browser-tests');
  return {
    database,
    operations: OperationsTable,
    approvals: new ApprovalStore(database, ledger, OperationsTable, Date.now),
  };
}

function request(question: Question = {}): Promise<Asked> {
  return ask(stores(), Date.now(), question);
}

async function statusOf({ approvalId }: Asked): Promise<string | undefined> {
  return (await stores().approvals.get(approvalId))?.status;
}

/** A visit that stands on a page, signed in. */
async function standing(
  name: string,
  path: string,
  person = 'Ana Duarte',
  options: Parameters<typeof Visit.begin>[3] = { viewport: phone },
): Promise<Page> {
  visit = await Visit.begin(browser, `${scheme}-${name}`, origins, options);
  await visit.page.goto(`${state.frontDoorUrl}${path}`);
  await visit.signIn(person);
  return visit.page;
}

async function looksRight(step: string): Promise<void> {
  expect([step, await visit.accessibilityFaults()]).toStrictEqual([step, []]);
  expect([step, await visit.sidewaysPixels()]).toStrictEqual([step, 0]);
  await visit.screenshot(step);
  expect(visit.faults).toStrictEqual([]);
}

/** Low-risk and equal but for the function: they are offered together. */
function alike(version: string): Question {
  return {
    tier: 'low',
    plan: (incidentId) =>
      planOf(
        'lambda.shift-alias',
        { functionName: 'batched', aliasName: 'live', fromVersion: version, toVersion: '1' },
        incidentId,
      ),
  };
}

describe('pages', () => {
  it('rejects with a reason and a comment, which the page then shows', async () => {
    const asked = await request();
    const page = await standing('reject', asked.path);
    await page.getByText('Reject…').click();
    await page.getByLabel('Wrong timing').check();
    await page.getByLabel(/^Comment/).fill('frozen until noon');
    await looksRight('1-form');
    await page.getByRole('button', { name: 'Reject this change' }).click();
    await page.getByRole('heading', { level: 2, name: 'Rejected' }).waitFor();
    expect(await page.getByText('frozen until noon').count()).toBe(1);
    await looksRight('2-outcome');
    expect(await statusOf(asked)).toBe('rejected');
  });

  it('shows the inbox in its three views', async () => {
    const waiting = await request({ title: 'waiting for somebody' });
    const page = await standing('inbox', '/');
    for (const [view, heading] of [
      ['For me', 'Approvals'],
      ['All', 'Approvals'],
      ['Decided', 'Approvals'],
    ] as const) {
      await page
        .getByRole('navigation', { name: 'Views of the inbox' })
        .getByRole('link', { name: view })
        .click();
      expect(await visit.heading()).toBe(heading);
      await looksRight(view.toLowerCase().replace(' ', '-'));
    }
    await page.goto(state.frontDoorUrl);
    await page.getByRole('link', { name: /waiting for somebody/ }).click();
    expect(page.url()).toBe(`${state.frontDoorUrl}${waiting.path}`);
  });

  it('decides what is alike together', async () => {
    const version = String(Math.floor(Date.now() / 1_000));
    const asked = [
      await request(alike(version)),
      await request(alike(version)),
      await request(alike(version)),
    ];
    const page = await standing('batch', '/', 'Ben Osei', { viewport: desk });
    await page
      .getByRole('link', { name: new RegExp(`3 identical requests: from version ${version}`) })
      .click();
    await looksRight('1-batch');
    await page.getByRole('checkbox').first().uncheck();
    await page.getByRole('button', { name: 'Approve selected' }).click();
    expect(await visit.heading()).toBe('2 of 2 requests decided');
    await looksRight('2-result');
    const statuses = await Promise.all(asked.map(statusOf));
    expect(statuses.toSorted()).toStrictEqual(['approved', 'approved', 'pending']);
  });

  it('stops everything', async () => {
    const page = await standing('stop', '/');
    await page.getByText('Stop everything…').click();
    await page.getByLabel('Why?').fill('rehearsal in a browser');
    await looksRight('1-form');
    try {
      await page.getByRole('button', { name: 'Stop everything now' }).click();
      expect(await visit.heading()).toBe('Everything is stopped');
      await looksRight('2-stopped');
      await page.goto(state.frontDoorUrl);
      expect(await page.getByText('Kill switch engaged.').count()).toBe(1);
    } finally {
      await new Records(outputs).setKillSwitch('released', 'the browser tests go on');
    }
  });

  it('tells whoever has no authority nothing', async () => {
    const asked = await request();
    const page = await standing('stranger', asked.path, 'Mia Lind');
    const forbidden = await page.locator('main').innerText();
    await page.goto(`${state.frontDoorUrl}/approvals/AAAAAAAAAAAAAAAAAAAAAAAAAAA`);
    expect(await page.locator('main').innerText()).toBe(forbidden);
    await looksRight('nothing');
  });

  it('tells an open copy that it was decided elsewhere', async () => {
    const asked = await request();
    const page = await standing('copy', asked.path);
    const given = { identityId: 'ben', displayName: 'Ben Osei', verdict: 'approve', via: 'api' } as const;
    await stores().approvals.vote(asked.approvalId, asked.planDigest, given, { may: 'decide' }, 900);
    await page.getByRole('heading', { level: 2, name: 'Approved' }).waitFor({ timeout: 60_000 });
    expect(visit.faults).toStrictEqual([]);
  });

  it('counts the time down, and says so without a script', async () => {
    const asked = await request({ lifeSeconds: 100 });
    const page = await standing('countdown', asked.path);
    const left = page.locator('.clock time').first();
    const first = await left.innerText();
    await expect.poll(() => left.innerText(), { timeout: 20_000 }).not.toBe(first);
    expect(visit.faults).toStrictEqual([]);
  });
});

describe('keyboard only', () => {
  /** Presses Tab until what has the focus is named so; the focus must be seen. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    for (let press = 0; press < 60; press++) {
      await page.keyboard.press('Tab');
      const { label, outlinePixels } = await page.evaluate<{ label: string; outlinePixels: number }>(`(() => {
        const { activeElement: element, body } = document;
        const { outlineStyle, outlineWidth } = getComputedStyle(element ?? body);
        const label = element?.labels?.[0]?.textContent ?? element?.textContent ?? '';
        return { label: label.trim(), outlinePixels: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth) };
      })()`);
      if (!name.test(label)) continue;
      expect(outlinePixels).toBeGreaterThanOrEqual(2);
      return;
    }
    throw new Error(`the keyboard does not reach ${name}`);
  }

  it('signs in, approves and reads the timeline', async () => {
    const asked = await request();
    visit = await Visit.begin(browser, `${scheme}-keyboard`, origins, { viewport: desk });
    const { page } = visit;
    await page.goto(`${state.frontDoorUrl}${asked.path}`);
    await tabTo(page, /^Sign in/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    await tabTo(page, /Ben Osei/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
    await tabTo(page, /^Skip to the content$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Approve$/);
    await visit.screenshot('approve');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Approved' }).waitFor();
    await page.waitForLoadState();
    await tabTo(page, /^Timeline of this incident$/);
    await page.keyboard.press('Enter');
    await page.getByText('chain intact').waitFor();
    expect(visit.faults).toStrictEqual([]);
    expect(await statusOf(asked)).toBe('approved');
  });

  it('opens the rejection, chooses and sends it', async () => {
    const asked = await request();
    const page = await standing('keyboard-reject', asked.path, 'Ben Osei', { viewport: desk });
    await tabTo(page, /^Reject…$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /Wrong target/);
    await page.keyboard.press('Space');
    await tabTo(page, /^Comment/);
    await page.keyboard.type('typed');
    await tabTo(page, /^Reject this change$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Rejected' }).waitFor();
    expect(await statusOf(asked)).toBe('rejected');
  });
});

describe('without JavaScript', () => {
  const options = { viewport: phone, javaScriptEnabled: false };

  it('signs in, rejects, stops nothing by a slip, and signs out', async () => {
    const asked = await request();
    const page = await standing('no-script', asked.path, 'Ana Duarte', options);
    expect(await page.locator('.clock').innerText()).toMatch(/\d+ minutes left/);
    expect(await page.getByRole('button', { name: 'Stop everything now' }).isVisible()).toBe(false);
    await page.getByText('Reject…').click();
    await page.getByLabel('Wrong diagnosis').check();
    await page.getByRole('button', { name: 'Reject this change' }).click();
    await page.getByRole('heading', { level: 2, name: 'Rejected' }).waitFor();
    await visit.screenshot('rejected');
    expect(await statusOf(asked)).toBe('rejected');
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await visit.heading()).toBe('You are signed out');
  });

  it('approves what a second person is needed for', async () => {
    const asked = await request({ quorum: 2 });
    const page = await standing('no-script-quorum', asked.path, 'Ana Duarte', options);
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByText('You have approved this.').waitFor();
    await visit.end();
    const second = await standing('no-script-quorum', asked.path, 'Ben Osei', options);
    await second.getByRole('button', { name: 'Approve', exact: true }).click();
    await second.getByRole('heading', { level: 2, name: 'Approved' }).waitFor();
    expect(await statusOf(asked)).toBe('approved');
  });
});

describe('hostile texts', () => {
  it('run nothing, load nothing and change nothing that Chromium shows', async () => {
    const text = hostileTexts.join(' ').slice(0, 1_000);
    const asked = await request({
      title: text,
      plan: (incidentId) => ({
        ...planOf(
          'ssm.put-parameter',
          { name: '/a/b', fromValue: text, toValue: `${text.slice(0, 900)}2` },
          incidentId,
        ),
        citations: [text],
      }),
      triage: { diagnosis: text, gaps: [text], reasons: [text] },
    });
    const page = await standing('hostile', asked.path, 'Ana Duarte', { viewport: desk });
    for (const path of [asked.path, '/', `/incidents/${asked.incidentId}`]) {
      await page.goto(`${state.frontDoorUrl}${path}`);
      const foreign = page.locator(
        'script:not([src="/countdown.js"]), img, iframe, object, embed, base, video, dialog, template, math',
      );
      expect([path, await foreign.count()]).toStrictEqual([path, 0]);
      await looksRight(path.split('/')[1] || 'inbox');
    }
  });
});
