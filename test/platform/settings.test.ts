import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { readSettings } from '../../functions/platform/settings.ts';

describe('settings', () => {
  it('names every missing or malformed variable and never a value', () => {
    const read = () =>
      readSettings({ TABLE: z.string(), SECONDS: z.coerce.number() }, { SECONDS: 'secret-looking' });
    expect(read).toThrow(/TABLE, SECONDS/);
    expect(read).not.toThrow(/secret-looking/);
  });

  it('ignores what the runtime adds', () => {
    expect(readSettings({ TABLE: z.string() }, { TABLE: 't', AWS_REGION: 'r' })).toStrictEqual({
      TABLE: 't',
    });
  });
});
