/** What a text from elsewhere holds as JSON; nothing where it is missing or no JSON, for a schema to refuse. */
export function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
