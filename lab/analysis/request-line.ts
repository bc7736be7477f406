/** How a caller's request begins on the wire. */

/** The start of the request line of a caller's request: `GET /path?query ` (RFC 9112 section 3). */
export function startOf({ method, url }: { method: string; url: string }): string {
  const { pathname, search } = URL.parse(url) ?? { pathname: '/', search: '' };
  return `${method} ${pathname}${search} `;
}
