/** Markdown as HTML, for the lessons. marked reads the Markdown; it has no dependencies. HTML in it stays text: the pages run no script but their own. */
import { Marked, type Tokens } from 'marked';
import { printableLines } from '../../vocabulary/printable.ts';

/** Where links and pictures of a text go. Null: the page does not have what they name, and only their text is shown. */
export interface Targets {
  link(href: string): string | null;
  /** The content of a picture as a `data:` URL, so that a page needs no other file. */
  picture(href: string): string | null;
}

/** Returns the HTML of the text, and the text of its first heading. Each heading has an id, as forges make it. */
export function markdownHtml(text: string, targets: Targets): { html: string; title: string | null } {
  const ids = new Map<string, number>();
  let title: string | null = null;
  const marked = new Marked({
    renderer: {
      html: ({ text: raw }: Tokens.HTML | Tokens.Tag) => escapedLines(raw),
      heading({ tokens, depth, text: plain }) {
        title ??= plain;
        const slug = plain.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');
        const used = ids.get(slug) ?? 0;
        ids.set(slug, used + 1);
        return `<h${depth} id="${escapedLines(used === 0 ? slug : `${slug}-${used}`)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const target = targets.link(href);
        const inner = this.parser.parseInline(tokens);
        return target === null ? inner : `<a${/^https:/.test(target) ? ' rel="noreferrer"' : ''} href="${escapedLines(target)}">${inner}</a>`;
      },
      image({ href, text: alternative }) {
        const source = targets.picture(href);
        return source === null ? escapedLines(alternative) : `<img src="${escapedLines(source)}" alt="${escapedLines(alternative)}">`;
      },
      table(token) {
        const cells = (row: Tokens.TableCell[], tag: string): string => `<tr>${row.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`;
        return `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table><thead>${cells(token.header, 'th')}</thead><tbody>${token.rows.map((row) => cells(row, 'td')).join('')}</tbody></table></div>\n`;
      },
    },
  });
  return { html: marked.parse(printableLines(text), { async: false }), title };
}

/** Text for HTML, in which line ends stay. */
function escapedLines(text: string): string {
  return printableLines(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
