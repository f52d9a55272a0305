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
    expect(policyParametersOf(jsonSchema, { name: 1, size: 0.5, fast: 'yes', inner: null })).toStrictEqual(
      {},
    );
  });

  it('collects all text in lower case, hidden members and their names included', () => {
    expect(parameterTextOf({ name: 'AbC', free: { AutomationAssumeRole: 'X' }, list: ['Y'], n: 1 })).toBe(
      'abc\nautomationassumerole\nx\ny',
    );
  });
});
