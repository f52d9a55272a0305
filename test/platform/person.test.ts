import { describe, expect, it } from 'vitest';
import { personOf } from '../../functions/platform/person.ts';

describe('who stands behind a caller', () => {
  it.each([
    ['arn:aws:iam::000000000000:user/ana', 'ana'],
    ['arn:aws:iam::000000000000:user/team/one/Ana', 'ana'],
    ['arn:aws:sts::111122223333:assumed-role/Operator/ana@example.com', 'ana@example.com'],
    ['arn:aws-us-gov:sts::111122223333:federated-user/ana', 'ana'],
    ['arn:aws:iam::000000000000:root', 'root'],
  ])('%s is %s', (arn, person) => {
    expect(personOf(arn)).toBe(person);
  });

  it.each(['unknown', '', 'ana', 'user/ana', 'arn:aws:s3:::bucket/ana', 'arn:aws:iam::000000000000:user/'])(
    '%j is nobody',
    (arn) => {
      expect(personOf(arn)).toBeUndefined();
    },
  );
});
