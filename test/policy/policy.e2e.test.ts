import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { connectThisProcess } from '../../local/connection.ts';
import { scenarioNamed } from '../../local/scenarios/catalogue.ts';
import { runScenario } from '../../local/scenarios/run-scenario.ts';

/** The policies that a deployment published, and decisions made again from what it left behind. */
const { state, outputs } = inject('deployment');
const interlock = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const policies = fileURLToPath(new URL('../../policies/', import.meta.url));

let decisionId = '';
beforeAll(async () => {
  connectThisProcess(state);
  const scenario = scenarioNamed('low-risk');
  if (scenario === undefined) throw new Error('the scenario must exist');
  const entries: LedgerEntry[] = [];
  await runScenario(scenario, {
    state,
    scripted: true,
    alarm: 'own',
    onEntry: (entry) => entries.push(entry),
    onNote: () => {},
  });
  decisionId = String(entries.find(({ type }) => type === 'decision.made')?.detail['decisionId']);
  expect(decisionId).toMatch(/^dec-[0-9a-f]{20}$/);
});

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [interlock, ...args], {
      maxBuffer: 16_000_000,
    });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describe('policies of a deployment', () => {
  it('were published once, with the digest that is deployed', async () => {
    const { out } = await cli('policy', 'history', '--json');
    expect(JSON.parse(out)).toMatchObject([
      { policyDigest: outputs['PolicyDigest'], artefactVersion: outputs['ArtefactVersion'], removed: [] },
    ]);
  });

  it('give every decision again from what is stored', async () => {
    expect(await cli('policy', 'replay', decisionId)).toMatchObject({ code: 0 });
    const all = await cli('policy', 'replay', '--since', '24h');
    expect(all.code).toBe(0);
    expect(all.out).toContain('all identical');
    const shown = JSON.parse((await cli('policy', 'show', decisionId, '--json')).out) as object;
    expect(shown).toMatchObject({
      decisionId,
      policyDigest: outputs['PolicyDigest'],
      clause: 'autonomy.matrix',
      inputs: { targetTags: { reading: 'read', tags: { 'interlock:environment': 'local' } } },
    });
    expect(await cli('policy', 'replay', 'dec-none')).toMatchObject({ code: 1 });
    expect(await cli('policy', 'replay')).toMatchObject({ code: 2 });
  });

  it('show what a candidate would have decided', async () => {
    const candidate = mkdtempSync(join(tmpdir(), 'interlock-candidate-'));
    try {
      cpSync(policies, candidate, { recursive: true });
      const closed = '@reason("closed for today") forbid (principal, action, resource);';
      writeFileSync(join(candidate, 'forbid-all.cedar'), closed);
      const replayed = await cli('policy', 'replay', decisionId, '--candidate', candidate, '--json');
      expect(replayed.code).toBe(0);
      expect(JSON.parse(replayed.out)).toMatchObject([
        { outcome: 'different', again: { outcome: 'deny', reason: 'closed for today' } },
      ]);
    } finally {
      rmSync(candidate, { recursive: true });
    }
  });
});

describe('an exception', () => {
  const wanted =
    '--role responder --action lambda.shift-alias --target lambda-alias/checkout:live --environment local --ticket OPS-12 --days 1'
      .split(' ')
      .concat('--owner', 'platform team');

  it('takes two people, and stands in the register until it is taken back', async () => {
    const asked = ['exception', 'request', ...wanted, '--reason', 'the responder "helps" today'];
    const requested = await cli(...asked, '--as', 'ana', '--json');
    expect(requested).toMatchObject({ code: 0 });
    const { exceptionId } = JSON.parse(requested.out) as { exceptionId: string };
    expect(await cli('exception', 'approve', exceptionId, '--yes', '--as', 'ana')).toMatchObject({
      code: 1,
      out: expect.stringContaining('a second person has to decide'),
    });
    expect(await cli('exception', 'approve', exceptionId, '--yes', '--as', 'ben')).toMatchObject({ code: 0 });
    expect((await cli('exception', 'list')).out).toContain('in-force');
    expect(await cli('exception', 'revoke', exceptionId, '--as', 'ana')).toMatchObject({ code: 0 });
    expect((await cli('exception', 'list')).out).toBe('no exceptions\n');
    expect((await cli('exception', 'show', exceptionId)).out).toContain('revoked');
  });

  it('is refused without a reason worth the name', async () => {
    const refused = await cli('exception', 'request', ...wanted, '--reason', 'because', '--as', 'ana');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('reason') });
  });
});
