import { beforeAll, describe, expect, it } from 'vitest';
import { PersonRecordStore } from '../../functions/approvals/sign-in/person-record.store.ts';
import { SessionStore } from '../../functions/approvals/sign-in/session.store.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { now } from './fixtures.ts';
import { sessionContract, sessionOf } from './session-contract.ts';

let tables: TestTables;

beforeAll(async () => {
  tables = await freshTables();
});

sessionContract('in DynamoDB', () => ({
  sessions: new SessionStore(tables.database, tables.controls),
  people: new PersonRecordStore(tables.database, tables.controls),
}));

describe('items', () => {
  it('go away by themselves a day after they are over', async () => {
    const sessions = new SessionStore(tables.database, tables.controls);
    const people = new PersonRecordStore(tables.database, tables.controls);
    await sessions.create('ttl', sessionOf());
    await sessions.useAttempt('ttl', now);
    await people.confirmed({ id: 'ttl', displayName: 'T', groups: [] }, now);
    const ttlOf = async (key: { pk: string; sk: string }) =>
      (await tables.database.get(tables.controls, key))?.['ttlEpochSeconds'];
    expect(await ttlOf(itemKeys.session('ttl'))).toBe(1_795_341_600 + 3_600 + 86_400);
    expect(await ttlOf(itemKeys.seen('ttl'))).toBe(1_795_341_600 + 86_400);
    expect(await ttlOf(itemKeys.person('ttl'))).toBe(1_795_341_600 + 86_400);
  });

  it('that are no session open nothing', async () => {
    const sessions = new SessionStore(tables.database, tables.controls);
    await tables.database.putOnce(tables.controls, { ...itemKeys.session('broken'), identityId: 'ana' });
    expect(await sessions.find('broken')).toBeUndefined();
  });
});
