/** The questions of the lessons as cards to print: two on a page, without an answer. One HTML file that loads nothing. */
import { htmlText } from '../picture/body.ts';
import { documentHtml } from '../picture/html.ts';
import { partsOf } from '../lessons/inline.ts';
import type { Lesson } from '../lessons/lesson.ts';
import { labCommand } from '../vocabulary/project.ts';

const style = `
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 1200px; background: var(--paper); color: var(--ink); font: 16px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif; }
h1 { margin: 0 0 4px; font-size: 24px; }
header p { margin: 0 0 16px; color: var(--dim); max-width: 80ch; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 16px; }
article { display: flex; flex-direction: column; padding: 18px 22px; border: 1px solid var(--edge); border-radius: 8px; background: var(--panel); }
h2 { margin: 0 0 10px; font-size: 20px; }
h2 span { margin-right: .5em; color: var(--dim); }
p { margin: 0 0 10px; }
ol { margin: 4px 0 12px; padding: 0; list-style: none; }
li { position: relative; margin: 7px 0; padding-left: 30px; }
li::before { content: ''; position: absolute; left: 2px; top: 3px; width: 15px; height: 15px; border: 1.5px solid var(--ink); border-radius: 3px; }
li b { margin-right: 4px; }
code { font: 0.9em ui-monospace, 'DejaVu Sans Mono', monospace; }
.because { margin-top: auto; padding-top: 10px; color: var(--dim); }
.because i { display: block; height: 30px; border-bottom: 1px solid var(--edge); }
.run { margin: 12px 0 0; font-size: 14px; color: var(--dim); }
@media print {
  @page { size: A4; margin: 12mm; }
  body { padding: 0; max-width: none; font-size: 11pt; }
  h2 { font-size: 15pt; }
  header { display: none; }
  main { display: block; }
  article { height: 130mm; margin-bottom: 8mm; padding: 5mm 7mm; break-inside: avoid; background: none; border-color: #999; }
}`;

/** Returns the page. A card has half a sheet of A4: a question that does not fit is too long. */
export function cardsPage(lessons: readonly Lesson[]): string {
  const body = [
    `<header><h1>${lessons.length} questions</h1><p>Print this page: two cards fit on a sheet of A4. Each learner chooses one option and writes down why, before anything runs. Then <code>${labCommand} lesson N</code> decides.</p></header>`,
    '<main>',
    ...lessons.map(card),
    '</main>',
  ].join('\n');
  return documentHtml({ title: 'failover-lab: questions', style, body });
}

function card({ number, title, question, options }: Lesson): string {
  return [
    `<article><h2><span>${number}</span>${inlineHtml(title)}</h2>`,
    ...question.map(({ text }) => `<p>${inlineHtml(text)}</p>`),
    `<ol>${options.map(({ letter, text }) => `<li><b>${letter}</b> ${inlineHtml(text)}</li>`).join('')}</ol>`,
    `<div class="because">Because:<i></i><i></i></div><p class="run"><code>${labCommand} lesson ${number}</code></p></article>`,
  ].join('\n');
}

/** Inline Markdown as HTML. A link is its label: paper has no links. */
export function inlineHtml(text: string): string {
  return partsOf(text).map((part) => (part.kind === 'code' ? `<code>${htmlText(part.text)}</code>` : part.kind === 'emphasis' ? `<em>${htmlText(part.text)}</em>` : htmlText(part.text))).join('');
}
