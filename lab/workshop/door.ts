/**
 * Who may enter. The page can kill processes, so no other site, no other user and no other machine may reach it.
 *
 * A browser sends requests for any page that is open in it, also to 127.0.0.1, and a name of that page may point there (DNS rebinding). So each request must name exactly this
 * address in `Host`, and this origin in `Origin` if it has one (a POST must have one). `Sec-Fetch-Site` tells another port of this address from this page, which a SameSite
 * cookie does not (RFC 6265bis, section 5.2: the port is no part of a site). Another user of this machine can connect, but has no link.
 *
 * A link carries a token, which is used once: the browser gets a cookie for it that scripts cannot read, and goes on to an address without the token.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What a browser may do: give commands, or watch. */
export type Role = 'leader' | 'watcher';

/** A browser that has entered. */
export interface Guest {
  role: Role;
}

/** Why a request is refused, and the status that says so (RFC 9110). */
export interface Refusal {
  status: number;
  reason: string;
}

/** A browser that never comes back leaves its cookie here. The oldest ones go. */
const mostGuests = 500;

export class Door {
  /** `127.0.0.1:34567`: what `Host` must be. */
  readonly authority: string;
  readonly #cookieName: string;
  /** Links that nobody has used yet. */
  readonly #links = new Map<string, Role>();
  /** A link that many may use, for a room of people. Those who come by it only watch. */
  readonly #openLink: string | null;
  readonly #guests = new Map<string, Guest>();

  /** `isOpen`: whether there is a link to watch that many may use. */
  constructor(authority: string, isOpen: boolean) {
    this.authority = authority;
    this.#cookieName = `lab-${authority.slice(authority.lastIndexOf(':') + 1)}`;
    this.#openLink = isOpen ? newToken() : null;
  }

  /** A new link, which can be used once. */
  invite(role: Role): string {
    const token = newToken();
    this.#links.set(token, role);
    return `http://${this.authority}/?link=${token}`;
  }

  /** The link to watch that many may use; null if there is none. */
  get openLink(): string | null {
    return this.#openLink === null ? null : `http://${this.authority}/?link=${this.#openLink}`;
  }

  /** Lets a browser in by the token of its link. Returns the value of Set-Cookie, or null if the token is unknown or was used. */
  enter(token: string): string | null {
    const role = this.#openLink !== null && same(token, this.#openLink) ? 'watcher' : this.#links.get(token);
    if (role === undefined) return null;
    this.#links.delete(token);
    const cookie = newToken();
    this.#guests.set(cookie, { role });
    const [oldest] = this.#guests.keys();
    if (this.#guests.size > mostGuests && oldest !== undefined) this.#guests.delete(oldest);
    return `${this.#cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** The browser that has sent a request; null if it has not entered. */
  guest({ cookie = '' }: IncomingHttpHeaders): Guest | null {
    for (const pair of cookie.split('; ')) {
      const at = pair.indexOf('=');
      const guest = pair.slice(0, at) === this.#cookieName ? this.#guests.get(pair.slice(at + 1)) : undefined;
      if (guest) return guest;
    }
    return null;
  }

  /** Why a request is refused whoever sends it, or null. */
  refusal(method: string, headers: IncomingHttpHeaders): Refusal | null {
    const { host, origin, 'content-type': type, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
    if (host !== this.authority) return { status: 421, reason: `Expected the header Host to be ${this.authority}, got ${quoted(host)}. Open the address that \`lab workshop\` prints.` };
    if (origin !== undefined && origin !== `http://${this.authority}`) return { status: 403, reason: `Expected the header Origin to be http://${this.authority}, got ${quoted(origin)}. Another page may not use the lab.` };
    // A browser sends `none` for an address that somebody has typed or opened from another program. To an address that is not loopback it sends no such header (Fetch Metadata, section 2).
    const isTyped = site === 'none' && method === 'GET' && (mode === undefined || mode === 'navigate');
    if (site !== undefined && site !== 'same-origin' && !isTyped) return { status: 403, reason: `Expected a request of the page itself (Sec-Fetch-Site: same-origin), got ${quoted(site)}. Another page may not use the lab.` };
    if (method === 'GET') return null;
    if (method !== 'POST') return { status: 405, reason: `Expected GET or POST, got ${method}.` };
    if (origin === undefined) return { status: 403, reason: 'Expected the header Origin, got none. Commands come from the page; a terminal gives them with `lab`.' };
    if (type !== 'application/json') return { status: 415, reason: `Expected the header Content-Type to be application/json, got ${quoted(type)}.` };
    return null;
  }
}

/** 144 bits, more than anybody can guess. */
function newToken(): string {
  return randomBytes(18).toString('base64url');
}

function same(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'none' : `\`${value.slice(0, 200)}\``;
}
