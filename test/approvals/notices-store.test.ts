import { MemoryDatabase } from './memory-database.ts';
import { noticesContract } from './notices-contract.ts';

noticesContract('in memory', async () => ({ database: new MemoryDatabase(), operations: 'Operations' }));
