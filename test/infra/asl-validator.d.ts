declare module 'asl-validator' {
  /** Checks a state machine definition; the package ships no types. */
  export default function validate(
    definition: object,
  ): Promise<{ readonly isValid: boolean; readonly errors: readonly unknown[] }>;
}
