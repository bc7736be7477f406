/** Walks the links of a static site, for tests. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Every link and picture of every page below `folder`, as `page → address`. */
export function linksOf(folder: string): { page: string; href: string }[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  return pages.flatMap((page) => {
    const html = readFileSync(join(folder, page), 'utf8').replace(/<script\b[^]*?<\/script>|<style\b[^]*?<\/style>/g, '');
    return [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, href = '']) => ({ page, href: href.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))) }));
  });
}

/** The links that lead nowhere, or out of the site to another place than the web, each with the reason. */
export function brokenLinks(folder: string): string[] {
  return linksOf(folder).flatMap(({ page, href }) => {
    if (/^https:\/\/|^data:image\//.test(href)) return [];
    if (/^[a-z]+:|^\//i.test(href)) return [`${page} → ${href}: not relative`];
    const [path = '', fragment] = href.split('#');
    const target = path === '' ? join(folder, page) : resolve(folder, dirname(page), decodeURI(path));
    if (relative(folder, target).startsWith('..')) return [`${page} → ${href}: outside of the site`];
    if (!existsSync(target) || !statSync(target).isFile()) return [`${page} → ${href}: no such file`];
    const isThere = fragment === undefined || /^request=/.test(fragment) || readFileSync(target, 'utf8').includes(` id="${decodeURIComponent(fragment)}"`);
    return isThere ? [] : [`${page} → ${href}: no such place in the page`];
  });
}
