import { describe, expect, it } from 'vitest';
import { elementsOf, parseStrictHtml, withTexts } from './strict-html.ts';

const page = (body: string): string => `<!doctype html><html lang="en">${body}</html>`;

describe('strict HTML', () => {
  it('reads elements, attributes and texts', () => {
    const parsed = parseStrictHtml(page('<p class="a &amp; b">1 &lt; 2<br/>x</p><input required=""/>'));
    expect(parsed).toStrictEqual({
      name: 'html',
      attributes: { lang: 'en' },
      children: [
        {
          name: 'p',
          attributes: { class: 'a & b' },
          children: ['1 < 2', { name: 'br', attributes: {}, children: [] }, 'x'],
        },
        { name: 'input', attributes: { required: '' }, children: [] },
      ],
    });
    expect(elementsOf(parsed).map(({ name }) => name)).toStrictEqual(['html', 'p', 'br', 'input']);
    const changed = withTexts(parsed, (text) => text.toUpperCase());
    expect(changed.children[0]).toMatchObject({
      attributes: { class: 'A & B' },
      children: ['1 < 2', {}, 'X'],
    });
  });

  it.each([
    ['a comment', '<!-- -->'],
    ['an unquoted value', '<p class=a></p>'],
    ['a value in single quotes', "<p class='a'></p>"],
    ['a quote in a text', '<p>"</p>'],
    ['an apostrophe in a text', "<p>it's</p>"],
    ['a greater-than in a text', '<p>1 > 2</p>'],
    ['a bare ampersand', '<p>a & b</p>'],
    ['another character reference', '<p>&#60;b&#62;</p>'],
    ['an attribute without a value', '<p hidden></p>'],
    ['two attributes of one name', '<p class="a" class="b"></p>'],
    ['an upper-case tag', '<P></P>'],
    ['an unclosed element', '<p>'],
    ['elements closed in the wrong order', '<p><b></p></b>'],
    ['markup in a style', '<style>a{}<b></style>'],
    ['a slash between attributes', '<p/class="a"></p>'],
    ['a tab between attributes', '<p\tclass="a"></p>'],
    ['a processing instruction', '<?php ?>'],
    ['CDATA', '<![CDATA[x]]>'],
    ['something after the page', '</html><p></p>'],
  ])('refuses %s', (_what, body) => {
    expect(() => parseStrictHtml(page(body))).toThrow(/ at \d+: /);
  });
});
