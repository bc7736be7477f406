/** The inline Markdown of lessons: `code`, *emphasis*, and links. A terminal, a page and a card show the same parts in their own way. */

export type Part =
  | { kind: 'text' | 'code' | 'emphasis'; text: string }
  | { kind: 'link'; text: string; address: string };

const inline = /`([^`]+)`|\*([^*]+)\*|\[((?:`[^`]+`|[^\]`])+)\]\(([^)]+)\)/g;

/** Splits a text into its parts, in order. What is no inline Markdown is text. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const addText = (to: number): void => { if (to > at) parts.push({ kind: 'text', text: text.slice(at, to) }); };
  for (const match of text.matchAll(inline)) {
    addText(match.index);
    const [whole, code, emphasis, label = '', address] = match;
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (emphasis !== undefined) parts.push({ kind: 'emphasis', text: emphasis });
    else parts.push({ kind: 'link', text: label.replaceAll('`', ''), address: address ?? '' });
    at = match.index + whole.length;
  }
  addText(text.length);
  return parts;
}

/** The text without its marks: a link is its label. */
export function plainOf(text: string): string {
  return partsOf(text).map((part) => part.text).join('');
}
