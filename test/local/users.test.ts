import { describe, expect, it } from 'vitest';
import { Directory, parseLocalUsers, readLocalUsers } from '../../local/identity-provider/users.ts';

const ana = { id: 'ana', displayName: 'Ana', role: 'Approver', groups: ['incident-approvers'] };

describe('the seeded people', () => {
  it('as shipped can be read', () => {
    expect(readLocalUsers().map(({ id }) => id)).toEqual(['ana', 'ben', 'kim', 'mia']);
  });

  it.each([
    ['no people', { version: 1, users: [] }, /users: /],
    ['another version', { version: 2, users: [ana] }, /version: /],
    ['an unknown member', { version: 1, users: [{ ...ana, admin: true }] }, /users\.0: .*admin/],
    ['an id that is no name', { version: 1, users: [{ ...ana, id: 'Ana' }] }, /users\.0\.id: /],
    ['one id twice', { version: 1, users: [ana, ana] }, /users: two users have one id/],
    ['no object', 'ana', /file: /],
  ])('are refused with %s', (_what, json, message) => {
    expect(() => parseLocalUsers(json)).toThrow(message);
  });

  it('change groups one by one, and only those who exist', () => {
    const directory = new Directory([ana, { ...ana, id: 'ben' }]);
    expect(directory.setGroups('ana', ['x'])?.groups).toEqual(['x']);
    expect(directory.find('ana')?.groups).toEqual(['x']);
    expect(directory.find('ben')?.groups).toEqual(['incident-approvers']);
    expect(directory.setGroups('eve', ['x'])).toBeUndefined();
    expect(directory.find('eve')).toBeUndefined();
  });
});
