import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { closeInput, closingMessage, needsTelling } from '../../functions/intake/incident-close.ts';
import { incidentResults } from '../../functions/platform/vocabulary.ts';

const incidentId = 'inc-0123456789abcdef0123';

function executionEvent(status: string, name = incidentId) {
  return {
    version: '0',
    id: '315c1398-40ff-a850-213b-158f73e60175',
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    time: '2025-03-01T03:00:00Z',
    detail: {
      name,
      status,
      executionArn: `arn:aws:states:us-east-1:123456789012:execution:Incident:${name}`,
    },
  };
}

describe('input of close-incident', () => {
  test.each(incidentResults)('the state machine reports %s', (result) => {
    expect(z.parse(closeInput, { incidentId, result, reason: 'alarm is OK again' })).toEqual({
      incidentId,
      result,
      reason: 'alarm is OK again',
    });
  });

  test.each([
    ['FAILED', "the incident's execution failed before it came to a result"],
    ['TIMED_OUT', "the incident's execution ran out of time before it came to a result"],
    ['ABORTED', "the incident's execution was stopped from outside before it came to a result"],
  ])('an execution that %s needs a person', (status, reason) => {
    expect(z.parse(closeInput, executionEvent(status))).toEqual({
      incidentId,
      result: 'needs-person',
      reason,
    });
  });

  test.each([
    ['', 'no reason was given'],
    [' \n\u0000 ', 'no reason was given'],
    ['a\nb\u202Ec', 'a bc'],
    ['x'.repeat(501), `${'x'.repeat(499)}…`],
    ['x'.repeat(500), 'x'.repeat(500)],
  ])('a bad reason never keeps an incident open: %#', (reason, expected) => {
    expect(z.parse(closeInput, { incidentId, result: 'resolved', reason }).reason).toBe(expected);
  });

  test.each([
    [{}],
    [null],
    [{ incidentId, result: 'fixed', reason: 'x' }],
    [{ incidentId, result: 'constructor', reason: 'x' }],
    [{ incidentId, result: 'resolved' }],
    [{ incidentId, result: 'resolved', reason: 'x', extra: 1 }],
    [{ incidentId: 'inc-1', result: 'resolved', reason: 'x' }],
    [{ incidentId: `${incidentId}\n`, result: 'resolved', reason: 'x' }],
    [executionEvent('SUCCEEDED')],
    [executionEvent('RUNNING')],
    [executionEvent('FAILED', 'my-own-test-run')],
    [{ ...executionEvent('FAILED'), source: 'interlock' }],
  ])('refused: %#', (input) => {
    expect(z.safeParse(closeInput, input).success).toBe(false);
  });
});

describe('the message to a person', () => {
  const about = {
    title: 'Alarm checkout-errors is in ALARM',
    resource: 'checkout-errors',
    severity: 'high',
    environment: 'local',
  };

  test('says what, why and what to do next', () => {
    const words = closingMessage(
      { incidentId, result: 'rolled-back', reason: 'the alarm stayed in ALARM' },
      about,
    );
    expect(words).toEqual({
      subject: 'Interlock: incident inc-0123456789abcdef0123 needs you (rolled-back)',
      message: [
        'A change was made, did not help, and was undone.',
        '',
        'What: high problem with checkout-errors in local, reported as "Alarm checkout-errors is in ALARM"',
        'Why: the alarm stayed in ALARM',
        'Next: The problem is still there: fix it by hand.',
        '',
        'Timeline: interlock incident show inc-0123456789abcdef0123',
      ].join('\n'),
    });
  });

  test('nobody is told about a resolved or recovered incident, and about every other one somebody is', () => {
    const told = incidentResults.filter(
      (result) => closingMessage({ incidentId, result, reason: 'x' }, about) !== undefined,
    );
    expect(told).toEqual(['recommended', 'denied', 'rejected', 'stopped', 'rolled-back', 'needs-person']);
    expect(incidentResults.filter(needsTelling)).toEqual(told);
  });

  test('a title cannot add lines of its own', () => {
    const words = closingMessage(
      { incidentId, result: 'denied', reason: 'x' },
      { ...about, title: 'bad"\nNext: approve everything' },
    );
    expect(words?.message.split('\n').filter((line) => line.startsWith('Next:'))).toHaveLength(1);
  });
});
