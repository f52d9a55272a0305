import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChangeEvent,
  type ChangeStatus,
  changeEvents,
  nextStatus,
} from '../../functions/change/change-status.ts';
import { hasFurtherSteps, stepFault } from '../../functions/change/change-steps.ts';

const at = (status: ChangeStatus, stepsDone?: number, steps?: number) => ({
  status,
  ...(steps === undefined ? {} : { steps }),
  ...(stepsDone === undefined ? {} : { stepsDone }),
});

describe('steps of a change', () => {
  it.each([
    ['at once', at('executed'), 'validated', 0, true],
    ['at once, no step named', at('executed'), 'validated', undefined, true],
    ['at once, another step named', at('executed'), 'validated', 1, false],
    ['at once, progressing', at('executed'), 'step-validated', 0, false],
    ['first of 3, progressing', at('executed', 0, 3), 'step-validated', 0, true],
    ['first of 3, keeping', at('executed', 0, 3), 'validated', 0, false],
    ['second of 3, progressing', at('executed', 1, 3), 'step-validated', 1, true],
    ['second of 3, late answer', at('executed', 1, 3), 'step-validated', 0, false],
    ['last of 3, progressing', at('executed', 2, 3), 'step-validated', 2, false],
    ['last of 3, keeping', at('executed', 2, 3), 'validated', 2, true],
    ['first of 3, refused', at('executing', 0, 3), 'execute-refused', undefined, true],
    ['second of 3, refused', at('executing', 1, 3), 'execute-refused', undefined, false],
    ['second of 3, stopped', at('executing', 1, 3), 'execute-stopped', undefined, false],
    ['second of 3, failed', at('executing', 1, 3), 'execute-failed', undefined, true],
    ['second of 3, rolled back', at('executed', 1, 3), 'validation-failed', undefined, true],
    ['said again, same step', at('progressing', 1, 3), 'step-validated', 0, true],
    ['said again, next step', at('progressing', 1, 3), 'step-validated', 1, false],
    ['executed said again', at('executed', 1, 3), 'executed', 1, true],
    ['executed of the step before', at('executed', 1, 3), 'executed', 0, false],
  ] as const)('%s', (_, change, event, step, isFine) => {
    expect(stepFault(change, event, step) === undefined).toBe(isFine);
  });

  it('are all made, one after the other, before a change is kept', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.array(
          fc.record({
            event: fc.constantFrom(...changeEvents),
            step: fc.option(fc.nat(5), { nil: undefined }),
          }),
          {
            maxLength: 60,
          },
        ),
        (steps, said) => {
          let status: ChangeStatus = 'locked';
          let stepsDone = 0;
          let starts = 0;
          const happens = (event: ChangeEvent, step: number | undefined) => {
            const next = nextStatus(status, event);
            if (next === 'not-allowed' || stepFault({ status, steps, stepsDone }, event, step) !== undefined)
              return;
            if (event === 'started') starts += 1;
            if (event === 'step-validated') stepsDone += 1;
            if (next === 'kept') expect(starts).toBe(steps);
            if (next === 'refused' || next === 'stopped') expect(stepsDone).toBe(0);
            expect(stepsDone).toBeLessThan(steps);
            expect(starts - stepsDone).toBeLessThanOrEqual(1);
            status = next;
          };
          for (const { event, step } of said) happens(event, step);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [{}, false],
    [{ steps: 2 }, true],
    [{ steps: 2, stepsDone: 0 }, true],
    [{ steps: 2, stepsDone: 1 }, false],
    [{ steps: 2, stepsDone: 2 }, false],
  ])('%j has further steps: %s', (change, expected) => {
    expect(hasFurtherSteps(change)).toBe(expected);
  });
});
