import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/** A member named by a constant, as in `{ [_xN]: _II }`. */
const namedByConstant = /\[(_\w+)\]:/g;
/** `const _xN = "xmlName";` at the start of a line. */
const constant = /^const (_\w+) = ("(?:[^"\\]|\\.)*");$/gm;

/**
 * Writes the names of members out where the SDK's schemas take them from constants: `{ "xmlName": _II }`. esbuild
 * keeps every object with a computed name, since computing it might have an effect, and with the objects all they
 * refer to: of EC2's client the schemas of all its operations, half a megabyte, for the two that are called.
 */
export const literalNames: Plugin = {
  name: 'literal-names',
  setup(build) {
    build.onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/]schemas[\\/]/ },
      ({ path }) => ({
        contents: withLiteralNames(readFileSync(path, 'utf8')),
        loader: 'js',
      }),
    );
  },
};

/** The same module. A name that is no constant of it stays as it is, and so does the one that is special as a literal. */
export function withLiteralNames(source: string): string {
  const constants = new Map([...source.matchAll(constant)].map(([, name, text]) => [name, text]));
  return source.replaceAll(namedByConstant, (written, name: string) => {
    const text = constants.get(name);
    return text === undefined || text === '"__proto__"' ? written : `${text}:`;
  });
}
