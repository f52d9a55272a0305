import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const perClient = (...names: string[]): string[] =>
  cases('a person whom the provider calls differently in each client', ...names);
const named = (...names: string[]): string[] => cases('a person with several names', ...names);

/** What keeps one person one person, whatever the provider, a pipeline and a policy call them. */
export const identityDefences: readonly RemovedDefence[] = [
  {
    without: 'asking whether each client gets a subject of its own',
    attacks: perClient(
      'makes a quorum of two alone: on the page, and by the command line',
      'decides by the command line what they asked for on the pages',
    ),
    edits: [
      edit(
        'sign-in/api-identity.ts',
        "identityClaim === 'sub' && !(await this.#tokens",
        'false && !(await this.#tokens',
      ),
    ],
  },
  {
    without: 'looking at the other names of a person',
    attacks: named(
      'decides on the page what they changed or asked for under another of them',
      'decides by the API what they changed or asked for under another of them',
      'decides in Slack what they changed or asked for under another of them',
    ),
    edits: [edit('authority.ts', 'const names = [id, ...aliases];', 'const names = [id];')],
  },
  {
    without: 'keeping the other names of a person for channels that cannot ask',
    attacks: named('decides in Slack what they changed or asked for under another of them'),
    edits: [edit('sign-in/person-record.store.ts', '          aliases,\n', '          aliases: [],\n')],
  },
  {
    without: 'asking the provider for the other names at a decision, and keeping them in the session',
    attacks: named('decides on the page what they changed or asked for under another of them'),
    edits: [
      edit(
        'sign-in/oidc-confirm.ts',
        'return subject === session.subject && identity?.id === session.identityId ? identity : undefined;',
        `return subject === session.subject && identity?.id === session.identityId
    ? { ...identity, aliases: [] }
    : undefined;`,
      ),
      edit(
        'sign-in/oidc-confirm.ts',
        'return { id, displayName, groups, aliases };',
        'return { id, displayName, groups };',
      ),
    ],
  },
  {
    without: 'one name that authority goes by',
    attacks: named('is given what belongs to a name that they gave themselves'),
    edits: [
      edit('authority.ts', '{ id }: Identity, now: EpochMs', '{ id, aliases = [] }: Identity, now: EpochMs'),
      edit('authority.ts', 'samePerson(to, id)', '[id, ...aliases].some((each) => samePerson(to, each))'),
    ],
  },
  {
    without: 'the end of standing in, for reading and stopping',
    attacks: cases('a stand-in', 'reads and stops everything at the instant that it ends'),
    edits: [edit('authority.ts', ' && now < Date.parse(until),', ',')],
  },
  {
    without: 'an end to the sign-ins that a browser keeps',
    attacks: cases(
      'sign-ins that are begun',
      'by another site, by the dozen, leave a browser that can carry no more',
    ),
    edits: [
      edit(
        'sign-in/session-cookie.ts',
        'others.slice(0, Math.max(0, others.length + 1 - attemptsAtMost))',
        'others.slice(0, 0)',
      ),
    ],
  },
];
