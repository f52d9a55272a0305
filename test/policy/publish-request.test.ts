import { describe, expect, it } from 'vitest';
import { parsePublishRequest } from '../../functions/policy/publish-request.ts';

const digest = '0123456789abcdef'.repeat(4);
const request = {
  RequestType: 'Create',
  ResponseURL: 'https://cloudformation.example/answer',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Policies',
  ResourceProperties: { PolicyDigest: digest },
};

describe('a request to publish', () => {
  it.each(['Create', 'Update', 'Delete'])('is read: %s', (RequestType) => {
    expect(parsePublishRequest({ ...request, RequestType })).toMatchObject({
      RequestType,
      ResourceProperties: { PolicyDigest: digest },
    });
  });

  it('keeps the id that CloudFormation knows the resource by, and takes members that CloudFormation may add', () => {
    const given = { ...request, PhysicalResourceId: 'interlock-policies', ResourceType: 'Custom::Policies' };
    expect(parsePublishRequest(given).PhysicalResourceId).toBe('interlock-policies');
  });

  it.each<[string, object, string]>([
    ['no type', { RequestType: undefined }, 'RequestType'],
    ['another type', { RequestType: 'create' }, 'RequestType'],
    ['no address to answer', { ResponseURL: undefined }, 'ResponseURL'],
    ['an address that is no web address', { ResponseURL: 'file:///etc/passwd' }, 'ResponseURL'],
    ['an address that only contains one', { ResponseURL: 'x https://a' }, 'ResponseURL'],
    ['no stack', { StackId: undefined }, 'StackId'],
    ['no request id', { RequestId: 1 }, 'RequestId'],
    ['no logical id', { LogicalResourceId: undefined }, 'LogicalResourceId'],
    ['a resource id that is no text', { PhysicalResourceId: 1 }, 'PhysicalResourceId'],
    ['no properties', { ResourceProperties: undefined }, 'ResourceProperties'],
    ['no digest', { ResourceProperties: {} }, 'ResourceProperties.PolicyDigest'],
    [
      'a digest too short',
      { ResourceProperties: { PolicyDigest: digest.slice(1) } },
      'ResourceProperties.PolicyDigest',
    ],
    [
      'a digest too long',
      { ResourceProperties: { PolicyDigest: `${digest}0` } },
      'ResourceProperties.PolicyDigest',
    ],
    [
      'a digest in capitals',
      { ResourceProperties: { PolicyDigest: digest.toUpperCase() } },
      'ResourceProperties.PolicyDigest',
    ],
  ])('is refused with %s', (_what, change, member) => {
    expect(() => parsePublishRequest({ ...request, ...change })).toThrow(
      expect.objectContaining({
        code: 'policy.invalid-request',
        message: `the custom resource's request has missing or malformed members: ${member}`,
      }),
    );
  });

  it('names every member at fault, and says so when it is no request at all', () => {
    expect(() => parsePublishRequest({ ...request, StackId: 1, RequestId: 2 })).toThrow('StackId, RequestId');
    expect(() => parsePublishRequest('publish')).toThrow('invalid_type');
  });
});
