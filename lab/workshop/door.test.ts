import { describe, expect, test } from 'vitest';
import { Door } from './door.ts';

const here = '127.0.0.1:4000';
const page = { host: here, origin: `http://${here}`, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
const tokenOf = (link: string): string => new URL(link).searchParams.get('link') ?? '';

describe('a request is refused', () => {
  test.each([
    ['another name for this address (DNS rebinding)', 'GET', { host: 'evil.test:4000' }, 421],
    ['localhost, which a browser may resolve to something else', 'GET', { host: 'localhost:4000' }, 421],
    ['no Host', 'GET', {}, 421],
    ['another port in Host', 'GET', { host: '127.0.0.1:4001' }, 421],
    ['another site', 'POST', { ...page, origin: 'http://evil.test' }, 403],
    ['another port of this address', 'POST', { ...page, origin: 'http://127.0.0.1:4001', 'sec-fetch-site': 'same-site' }, 403],
    ['the origin null of a sandboxed frame', 'POST', { ...page, origin: 'null' }, 403],
    ['no Origin: a form of another program', 'POST', { ...page, origin: undefined }, 403],
    ['another port that reads', 'GET', { host: here, 'sec-fetch-site': 'same-site' }, 403],
    ['another site that reads', 'GET', { host: here, 'sec-fetch-site': 'cross-site' }, 403],
    ['a link on another site', 'GET', { host: here, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 403],
    ['a POST that somebody has typed', 'POST', { ...page, 'sec-fetch-site': 'none' }, 403],
    ['a POST without JSON', 'POST', { ...page, 'content-type': 'text/plain' }, 415],
    ['a form', 'POST', { ...page, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['OPTIONS before a request of another site', 'OPTIONS', page, 405],
    ['DELETE', 'DELETE', page, 405],
  ])('%s', (_, method, headers, status) => {
    expect(new Door(here, false).refusal(method, headers)?.status).toBe(status);
  });

  test.each([
    ['the page itself', 'POST', page],
    ['an address that somebody has opened', 'GET', { host: here, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['the stream of the page', 'GET', { host: here, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }],
  ])('but not %s', (_, method, headers) => {
    expect(new Door(here, false).refusal(method, headers)).toBeNull();
  });
});

describe('links and cookies', () => {
  test('a link lets one browser in, once; its cookie is not for scripts and not for other sites', () => {
    const door = new Door(here, false);
    const token = tokenOf(door.invite('leader'));
    const cookie = door.enter(token) ?? '';
    expect(cookie).toMatch(/^lab-4000=[\w-]{24}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(door.enter(token)).toBeNull();
    expect(door.guest({ cookie: cookie.split(';')[0] })).toEqual({ role: 'leader' });
    expect(door.guest({ cookie: `other=1; ${cookie.split(';')[0] ?? ''}` })).toEqual({ role: 'leader' });
  });

  test.each([['none', {}], ['a made up one', { cookie: 'lab-4000=AAAAAAAAAAAAAAAAAAAAAAAA' }], ['the token itself', { cookie: 'lab-4000=' }]])('no browser is let in by its cookie: %s', (_, headers) => {
    expect(new Door(here, false).guest(headers)).toBeNull();
  });

  test('the link for a room lets many in, who only watch; a lab on loopback has none', () => {
    const door = new Door('192.0.2.1:4000', true);
    const token = tokenOf(door.openLink ?? '');
    for (let count = 0; count < 3; count++) expect(door.guest({ cookie: door.enter(token)?.split(';')[0] })).toEqual({ role: 'watcher' });
    expect(new Door(here, false).openLink).toBeNull();
  });

  test('browsers that never come back do not use up the memory: the oldest cookies go', () => {
    const door = new Door(here, false);
    const first = door.enter(tokenOf(door.invite('watcher')))?.split(';')[0];
    for (let count = 0; count < 500; count++) door.enter(tokenOf(door.invite('watcher')));
    expect(door.guest({ cookie: first })).toBeNull();
  });
});
