import { MemoryPeople, MemorySessions } from './memory-sessions.ts';
import { sessionContract } from './session-contract.ts';

sessionContract('in memory', () => ({ sessions: new MemorySessions(), people: new MemoryPeople() }));
