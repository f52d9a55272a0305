import { describe, expect, it } from 'vitest';
import {
  type RunAutomationParameters,
  runAutomation,
} from '../../../functions/change/actions/ssm-run-automation/definition.ts';
import {
  parseRunbookPolicy,
  runbookFault,
} from '../../../functions/change/actions/ssm-run-automation/runbook-policy.ts';
import { catalogue } from '../../../functions/change/catalogue.ts';
import shipped from '../../../policies/runbooks.json' with { type: 'json' };

const listed = {
  document: 'Checkout-EnableMaintenance',
  version: '3',
  target: 'ecs-service',
  targetParameter: 'Service',
  parameters: ['Note'],
  inverse: { document: 'Checkout-DisableMaintenance', version: '2' },
};
const irreversible = { ...listed, document: 'Checkout-FlushCache', version: '7', inverse: undefined };
const policyOf = (...runbooks: object[]) =>
  parseRunbookPolicy(JSON.parse(JSON.stringify({ version: 1, runbooks })));
const policy = policyOf(listed, irreversible);

const proposed: RunAutomationParameters = {
  documentName: 'Checkout-EnableMaintenance',
  documentVersion: '3',
  targetParameterName: 'Service',
  targetType: 'ecs-service',
  targetValue: 'shop/checkout',
  inverse: { documentName: 'Checkout-DisableMaintenance', documentVersion: '2' },
};
const { inverse, ...withoutInverse } = proposed;
const faultOf = (parameters: object) => runbookFault(policy, runAutomation.id, parameters);

describe('a runbook that operators listed', () => {
  it.each<[string, object]>([
    ['as it is listed', proposed],
    ['without its inverse, which is the stricter', withoutInverse],
    ['with a parameter that is offered', { ...proposed, parameters: { Note: 'a' } }],
    [
      'with one for its inverse',
      {
        ...proposed,
        inverse: {
          documentName: 'Checkout-DisableMaintenance',
          documentVersion: '2',
          parameters: { Note: 'a' },
        },
      },
    ],
    ['that has no inverse', { ...withoutInverse, documentName: 'Checkout-FlushCache', documentVersion: '7' }],
  ])('may be run %s', (_how, parameters) => {
    expect(faultOf(parameters)).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['in another version', { ...proposed, documentVersion: '4' }, 'does not list'],
    ['under a name in another case', { ...proposed, documentName: 'checkout-enablemaintenance' }, 'not list'],
    ['that is not listed', { ...proposed, documentName: 'Checkout-Other' }, 'does not list'],
    ['under a prototype name', { ...proposed, documentName: 'constructor' }, 'does not list'],
    [
      'that is only an inverse',
      { ...withoutInverse, documentName: 'Checkout-DisableMaintenance', documentVersion: '2' },
      'does not list',
    ],
    [
      'with an inverse in another version',
      { ...proposed, inverse: { ...inverse, documentVersion: '3' } },
      'does not say that Checkout-DisableMaintenance@3 takes back runbook Checkout-EnableMaintenance@3',
    ],
    [
      'with a harmless inverse',
      { ...proposed, inverse: { documentName: 'Checkout-DoNothing', documentVersion: '2' } },
      'does not say',
    ],
    [
      'with an inverse where there is none',
      { ...proposed, documentName: 'Checkout-FlushCache', documentVersion: '7' },
      'does not say',
    ],
    ['on another kind', { ...proposed, targetType: 'ec2-instance' }, 'ecs-service'],
    ['on what another parameter names', { ...proposed, targetParameterName: 'Note' }, 'parameter Service'],
    ['with a parameter of its own', { ...proposed, parameters: { Cluster: 'payroll' } }, 'parameter Cluster'],
    [
      'with one for the inverse',
      { ...proposed, inverse: { ...inverse, parameters: { Cluster: 'payroll' } } },
      'parameter Cluster',
    ],
  ])('may not be run %s', (_how, parameters, reason) => {
    expect(faultOf(parameters)).toContain(reason);
  });

  it('offers no parameter unless it says so', () => {
    const bare = policyOf({ ...listed, parameters: undefined });
    expect(runbookFault(bare, runAutomation.id, { ...proposed, parameters: { Note: 'a' } })).toContain(
      'Note',
    );
    expect(runbookFault(bare, runAutomation.id, proposed)).toBeUndefined();
  });

  it('is none as shipped, and nothing else is asked for', () => {
    const none = parseRunbookPolicy(shipped);
    for (const { id, examples } of catalogue)
      for (const example of examples)
        expect(runbookFault(none, id, example) === undefined).toBe(id !== runAutomation.id);
  });
});

describe('the list', () => {
  it.each<[string, unknown, string]>([
    ['a version as a number', { version: 1, runbooks: [{ ...listed, version: 3 }] }, 'runbooks.0.version'],
    ['$LATEST', { version: 1, runbooks: [{ ...listed, version: '$LATEST' }] }, 'runbooks.0.version'],
    ['an ARN', { version: 1, runbooks: [{ ...listed, document: 'arn:aws:ssm:x' }] }, 'runbooks.0.document'],
    ['an unknown kind', { version: 1, runbooks: [{ ...listed, target: 'iam-role' }] }, 'runbooks.0.target'],
    [
      'no target parameter',
      { version: 1, runbooks: [{ ...listed, targetParameter: undefined }] },
      'targetPar',
    ],
    ['an unknown member', { version: 1, runbooks: [{ ...listed, tier: 'low' }] }, 'runbooks.0'],
    ['another version of the file', { version: 2, runbooks: [] }, 'version'],
    ['no list', { version: 1 }, 'runbooks'],
    ['a runbook twice', { version: 1, runbooks: [listed, irreversible, listed] }, 'twice'],
    [
      'a runbook as its own inverse, in whatever version',
      { version: 1, runbooks: [{ ...listed, inverse: { document: listed.document, version: '9' } }] },
      'own inverse',
    ],
    ['the target twice', { version: 1, runbooks: [{ ...listed, parameters: ['Service'] }] }, 'target twice'],
    ['nothing', null, 'runbooks.json'],
  ])('is refused with %s', (_what, json, named) => {
    expect(() => parseRunbookPolicy(json)).toThrow(named);
  });
});
