/** The lessons of docs/lessons/ as pages of the site. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
import { htmlText } from '../../picture/body.ts';
import { markdownHtml } from './markdown.ts';
import { sitePage, type SiteFile } from './layout.ts';

/** A lesson: its page in the site, and its title as HTML. */
export interface Lesson {
  path: string;
  title: string;
}

/** Reads `NN-name.md` files, in order of their names. `scenarios` has the names that the page of the scenarios explains. No folder: no lessons. */
export function lessonPages(folder: string, scenarios: readonly string[]): { lessons: Lesson[]; files: SiteFile[] } {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+-.*\.md$/.test(name)).sort() : [];
  const pages = names.map((name) => {
    const { html, title } = markdownHtml(readFileSync(join(folder, name), 'utf8'), { link: (href) => linkOf(href, names, scenarios), picture: (href) => pictureOf(folder, href) });
    return { path: `lessons/${pageOf(name)}`, title: htmlText((title ?? name.replace(/\.md$/, '')).replaceAll('`', '')), html };
  });
  const step = (text: string, page: Lesson | undefined): string => (page === undefined ? '' : `${text}: <a href="../${htmlText(encodeURI(page.path))}">${page.title}</a>`);
  const files = pages.map(({ path, title, html }, index) => {
    const steps = [step('before', pages[index - 1]), step('next', pages[index + 1])].filter((each) => each !== '').join(' · ');
    return { path, text: sitePage({ title, depth: 1, hasLessons: true, body: `<article>${html}</article>${steps === '' ? '' : `<p class="meta">${steps}</p>`}` }) };
  });
  return { lessons: pages, files };
}

const pageOf = (name: string): string => name.replace(/\.md$/, '.html');

/** A link of a lesson, as its page needs it. A document that the site does not have is no link. */
function linkOf(href: string, names: readonly string[], scenarios: readonly string[]): string | null {
  if (/^https:\/\//.test(href) || /^#[^\s]*$/.test(href)) return href;
  const [file = '', fragment] = href.split('#');
  const name = file.replace(/^\.\//, '');
  if (names.includes(name)) return `${encodeURI(pageOf(name))}${fragment === undefined ? '' : `#${fragment}`}`;
  if (name === '../matrix.md') return '../matrix.html';
  if (name === '../scenarios.md') return `../scenarios.html${fragment !== undefined && scenarios.includes(fragment) ? `#${fragment}` : ''}`;
  return null;
}

const kinds: Record<string, string> = { '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg', '.webp': 'image/webp' };

/** A picture of docs/. Others are not a part of a lesson. */
function pictureOf(folder: string, href: string): string | null {
  const docs = resolve(folder, '..');
  const file = resolve(folder, href);
  const kind = kinds[extname(file)];
  if (kind === undefined || relative(docs, file).split(sep)[0] === '..' || !existsSync(file)) return null;
  return `data:${kind};base64,${readFileSync(file).toString('base64')}`;
}
