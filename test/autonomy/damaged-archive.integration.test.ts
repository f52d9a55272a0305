import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { CommandStack, operations } from '../cli/command-stack.ts';

let stack: CommandStack;
const cli = (...args: string[]) => stack.cli(...args);
const set = (actionClass: string, stage: string, as = 'ana') =>
  cli('--as', as, 'autonomy', 'set', 'local', 'responder', actionClass, stage, '--reason', 'odd');
const idOf = async (...args: string[]) =>
  ((await stack.json('--as', 'ana', ...args)) as { exceptionId: string }).exceptionId;
let exceptions: readonly string[];
let raise: string;

/** One byte of the published set is another: nothing that goes by it may go on, and nothing that stops may hang on it. */
beforeAll(async () => {
  stack = await CommandStack.start();
  const files = readPolicyFiles();
  await stack.publish(files);
  const wanted = Object.entries({
    role: 'responder',
    action: 'lambda.shift-alias',
    target: 'lambda-alias/checkout:live',
    environment: 'local',
    owner: 'platform team',
    reason: 'the responder helps out this week',
    days: '1',
  }).flatMap(([name, value]) => [`--${name}`, value]);
  exceptions = [
    await idOf('exception', 'request', ...wanted, '--ticket', 'OPS-1'),
    await idOf('exception', 'request', ...wanted, '--ticket', 'OPS-2'),
  ];
  await set('traffic', 'auto-low');
  const more = ['autonomy', 'set', 'local', 'responder', 'traffic', 'guarded', '--reason', 'fine'];
  const asked = await stack.json('--as', 'ana', ...more);
  raise = (asked as { request: { requestId: string } }).request.requestId;
  const policyDigest = policyDigestOf(files);
  await stack.put(operations, {
    ...itemKeys.policySet(policyDigest),
    policyDigest,
    files: { ...files, 'limits.json': '{}' },
  });
});
afterAll(() => stack.stop());

describe('with a damaged archive of policies', () => {
  it('nothing is raised or approved', async () => {
    const damaged = { code: 1, err: expect.stringContaining('no longer have that digest') };
    expect(await set('traffic', 'guarded')).toMatchObject(damaged);
    expect(await set('repair', 'suggest')).toMatchObject(damaged);
    expect(await cli('--as', 'ben', 'autonomy', 'approve', raise, '--yes')).toMatchObject(damaged);
    expect(await cli('--as', 'ben', 'exception', 'approve', exceptions[0] ?? '', '--yes')).toMatchObject(
      damaged,
    );
  });

  it('a stage that was set is lowered, and said to be without the policies', async () => {
    expect(await set('traffic', 'suggest')).toMatchObject({
      code: 0,
      out: expect.stringContaining('from auto-low to suggest: in force now'),
      err: expect.stringMatching(/cannot be read .*no longer have that digest.*without them/),
    });
  });

  it('a stage that is only declared is lowered to observe, and to nothing that might raise it', async () => {
    expect(await set('capacity', 'auto-low')).toMatchObject({
      code: 1,
      err: expect.stringContaining('only lowered: to observe'),
    });
    expect(await set('capacitty', 'observe')).toMatchObject({
      code: 1,
      err: expect.stringContaining('known are'),
    });
    expect(await set('capacity', 'observe')).toMatchObject({
      code: 0,
      out: expect.stringContaining('to observe: in force now'),
    });
    expect(await set('capacity', 'observe')).toMatchObject({
      code: 0,
      out: expect.stringContaining('stands at observe already'),
    });
  });

  it('requests and exceptions are seen, rejected and revoked', async () => {
    expect((await cli('autonomy', 'requests')).out).toContain(raise);
    const reject = ['autonomy', 'reject', raise, '--reason', 'no'];
    expect(await cli('--as', 'ben', ...reject)).toMatchObject({ code: 0 });
    expect((await cli('exception', 'list')).out).toContain('OPS-1');
    expect(await cli('--as', 'ben', 'exception', 'reject', exceptions[0] ?? '')).toMatchObject({ code: 0 });
    expect(await cli('--as', 'ben', 'exception', 'revoke', exceptions[1] ?? '')).toMatchObject({ code: 0 });
    expect((await cli('autonomy', 'history')).out).toMatch(/autonomy\.lowered .*declared=not read/);
  });
});
