/** The page of the workshop as HTML, and the headers that every answer of the server has. */
import { createHash } from 'node:crypto';
import { inBothThemes, pictureRules, variables, type PageParts } from '../picture/html.ts';

export interface WorkshopPage {
  html: string;
  headers: Record<string, string>;
}

/** `parts` is what the build has made of lab/workshop/page/. */
export function workshopPage(parts: PageParts): WorkshopPage {
  const style = `${inBothThemes(variables)}${pictureRules()}${parts.style}`;
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return {
    html: [
      '<!doctype html>',
      '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>failover-lab workshop</title>',
      `<style>${style}</style></head>`,
      '<body><div id="app"><noscript>The workshop needs JavaScript. The lab itself does not: <code>lab up</code> and <code>lab status</code> do the same in a terminal.</noscript></div>',
      `<script>${parts.script}</script></body></html>`,
      '',
    ].join('\n'),
    headers: {
      // This page and its stream, and nothing from anywhere else. No page may show it in a frame.
      'content-security-policy': `default-src 'none'; script-src ${hash(parts.script)}; style-src ${hash(style)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    },
  };
}
