/** An element with what is in it; a text is a string. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

/** Never closed. */
const empty = new Set(['meta', 'link', 'input', 'br', 'hr']);
/** What stands in them is not markup to a browser. */
const raw = new Set(['style', 'script']);
const characters: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/**
 * Reads a page written in the part of HTML that every reader understands in one way only: lower-case tags, closed
 * in order; values in double quotes; `<`, `>` and quotes only as markup; no comments; five character references.
 * Everything else is refused, so what passes holds exactly the elements and attributes that are returned, whatever
 * a browser's parser does with broken pages.
 *
 * @throws Error saying where the page leaves that part.
 */
export function parseStrictHtml(html: string): Element {
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at}: ${JSON.stringify(html.slice(Math.max(0, at - 60), at + 60))}`);
  };
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const sticky = new RegExp(pattern, 'yu');
    sticky.lastIndex = at;
    const found = sticky.exec(html);
    if (found !== null) at = sticky.lastIndex;
    return found ?? undefined;
  };
  const decoded = (text: string): string =>
    text.replaceAll(/&[^;]*;?/g, (found) => characters[found] ?? fail(`the character reference ${found}`));

  function element(): Element {
    const name = take(/<([a-z][a-z0-9]*)/)?.[1] ?? fail('no tag');
    const attributes: Record<string, string> = {};
    for (;;) {
      const attribute = take(/ ([A-Za-z][A-Za-z0-9:-]*)="([^"<>']*)"/);
      if (attribute === undefined) break;
      const [, key = '', value = ''] = attribute;
      if (Object.hasOwn(attributes, key)) fail(`a second attribute ${key}`);
      attributes[key] = decoded(value);
    }
    if (take(/\/>/) !== undefined) {
      if (!empty.has(name)) fail(`<${name}/> is not closed for a browser`);
      return { name, attributes, children: [] };
    }
    if (take(/>/) === undefined) fail(`something in the tag <${name}`);
    if (empty.has(name)) return { name, attributes, children: [] };
    const children = raw.has(name) ? [take(/[^<]*/)?.[0] ?? ''] : content();
    if (take(new RegExp(`</${name}>`)) === undefined) fail(`<${name}> is not closed here`);
    return { name, attributes, children: children.filter((child) => child !== '') };
  }

  function content(): (Element | string)[] {
    const children: (Element | string)[] = [];
    for (;;) {
      const text = take(/[^<>"']+/);
      if (text !== undefined) children.push(decoded(text[0]));
      else if (html.startsWith('<', at) && !html.startsWith('</', at)) children.push(element());
      else return children;
    }
  }

  if (take(/<!doctype html>/) === undefined) fail('no doctype');
  const page = element();
  if (at !== html.length) fail('something after the page');
  return page;
}

/** A page of the same elements and attributes with every text and attribute value changed by `change`. */
export function withTexts(page: Element, change: (text: string) => string): Element {
  return {
    name: page.name,
    attributes: Object.fromEntries(
      Object.entries(page.attributes).map(([name, value]) => [name, change(value)]),
    ),
    children: page.children.map((child) =>
      typeof child === 'string' ? change(child) : withTexts(child, change),
    ),
  };
}

/** Every element of a page, the page itself first. */
export function elementsOf(page: Element): Element[] {
  return [page, ...page.children.flatMap((child) => (typeof child === 'string' ? [] : elementsOf(child)))];
}
