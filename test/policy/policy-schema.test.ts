import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { catalogue } from '../../functions/change/catalogue.ts';
import { readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { schemaFile } from '../../functions/policy/policy-files.ts';
import {
  parameterTextOf,
  policyParametersOf,
  policySchemaFor,
} from '../../functions/policy/policy-schema.ts';

const parameters = z.strictObject({
  name: z.string(),
  size: z.optional(z.int()),
  share: z.number(),
  fast: z.boolean(),
  tags: z.array(z.string()),
  either: z.union([z.string(), z.int()]),
  free: z.record(z.string(), z.string()),
  inner: z.optional(z.strictObject({ document: z.string(), more: z.array(z.string()) })),
});
const jsonSchema = z.toJSONSchema(parameters);

describe('policy schema', () => {
  it('is the committed one for the catalogue as it is', () => {
    expect(readPolicyFiles()[schemaFile]).toBe(policySchemaFor(catalogue));
  });

  it('does not depend on the order of the catalogue', () => {
    expect(policySchemaFor(catalogue.toReversed())).toBe(policySchemaFor(catalogue));
  });

  it('shows text, whole numbers, truth values and records, and leaves everything else out', () => {
    const schema = policySchemaFor([{ id: 'a.b', parametersJsonSchema: jsonSchema }]);
    expect(schema).toContain(`parameters: {
        "name": String,
        "size"?: Long,
        "fast": Bool,
        "inner"?: {
          "document": String,
        },
      },`);
  });

  it('knows actions without parameters and parameters that nobody has to give', () => {
    const optional = { type: 'object', properties: { name: { type: 'string' } } };
    const schema = policySchemaFor([
      { id: 'b.none', parametersJsonSchema: {} },
      { id: 'a.optional', parametersJsonSchema: optional },
    ]);
    expect(schema).toContain(`parameters: {
        "name"?: String,
      },`);
    expect(schema).toContain('parameters: {},');
  });

  it('shows of the parameters what it declares, at the type it declares', () => {
    const given = {
      name: 'a',
      size: 3,
      share: 0.5,
      fast: true,
      tags: ['x'],
      either: 'none',
      free: { Command: 'rm' },
      inner: { document: 'd', more: ['m'] },
    };
    expect(policyParametersOf(jsonSchema, given)).toStrictEqual({
      name: 'a',
      size: 3,
      fast: true,
      inner: { document: 'd' },
    });
    for (const other of [{ name: 1, size: 0.5, fast: 'yes', inner: null }, { name: true }, { name: {} }]) {
      expect(policyParametersOf(jsonSchema, other)).toStrictEqual({});
    }
  });

  it('collects all text in lower case, hidden members and their names included', () => {
    expect(
      parameterTextOf({ name: 'AbC', free: { AutomationAssumeRole: 'X' }, list: ['Y'], n: 1, not: null }),
    ).toBe('abc\nautomationassumerole\nx\ny');
  });
});
