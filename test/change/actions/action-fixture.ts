/** A target of an action, made for one test. */
export interface FixtureTarget {
  /** A change of this target that would be carried out. */
  readonly parameters: object;
  /** The same for a target that does not exist. */
  readonly unknownParameters: object;
  /** Writes to the target as somebody else would. Not the value that a reversible change leads to. */
  readonly foreignWrite: () => Promise<void>;
  /** What stands at the target, read without the action's client: it must be the same after a rollback. */
  readonly look?: () => Promise<unknown>;
  /** How often the effect was made, for an action that leaves no state to compare. */
  readonly effects?: () => number;
  /**
   * Where a stand-in answers instead of the emulator, or before it; only for actions listed in
   * `emulator-exceptions.ts`. A fixture may set `AWS_ENDPOINT_URL_<SERVICE>` instead, until `destroy`.
   */
  readonly endpointUrl?: string;
  /** Waits until what was started at the target has ended. */
  readonly settle?: () => Promise<void>;
  readonly destroy?: () => Promise<void>;
}

/**
 * How the contract suite gets targets of one action; `test/change/actions/<folder>.fixture.ts` exports
 * `fixture`.
 */
export interface ActionFixture {
  readonly actionId: string;
  /** @param environment Which environment the target is tagged for. @default local */
  readonly create: (environment?: string) => Promise<FixtureTarget>;
  /** Other kinds of target or parameters that the contract is held against as well. */
  readonly variants?: Readonly<Record<string, () => Promise<FixtureTarget>>>;
}
