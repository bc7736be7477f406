/** What the pages of the site have in common: the way to the other pages, and the style. */
import { documentHtml } from '../../picture/html.ts';
import { pageParts } from '../page-parts.ts';

/** A file of the site. Its path is relative to the folder of the site. */
export interface SiteFile {
  path: string;
  text: string;
}

/** A page of the site, `depth` folders below the first one. `title` and `body` are HTML. @throws {LabError} MISSING_TOOL where its style is not built. */
export function sitePage({ title, body, depth, hasLessons }: { title: string; body: string; depth: number; hasLessons: boolean }): string {
  return documentHtml({ title, style: pageParts('timeline').style, body: `${navigation(depth, hasLessons)}<main>${body}</main>`, hasPictures: true });
}

/** The links to the other pages. */
export function navigation(depth: number, hasLessons: boolean): string {
  const pages = [['index.html', 'failover-lab'], ['matrix.html', 'matrix'], ['scenarios.html', 'scenarios'], ...(hasLessons ? [['index.html#lessons', 'lessons']] : [])];
  return `<nav aria-label="Site">${pages.map(([path, name]) => `<a href="${'../'.repeat(depth)}${path ?? ''}">${name ?? ''}</a>`).join(' · ')}</nav>`;
}
