/** The HTTPS record of the web servers: which queries get it, and its bytes. */
import { describe, expect, test } from 'vitest';
import { encodeResponse, parseQuery, resolve } from './answer.ts';
import { query, readResponse, type QuerySpec } from './ask-server.ts';
import { noEffect, type Effect } from './rules.ts';
import { Zone } from './zone.ts';

const prefixed = '_8443._https.web.lab.test';
const zoneOf = (services = [{ name: prefixed, target: 'web.lab.test', alpn: ['h2', 'http/1.1'] }]): Zone => new Zone({ domain: 'lab.test', seed: '1', records: [{ name: 'web.lab.test', type: 'A', address: '198.51.100.11' }], services });

function ask(spec: QuerySpec, zone = zoneOf(), effect: Partial<Effect> = {}) {
  const parsed = parseQuery(query(spec));
  const encoded = encodeResponse(parsed, resolve(parsed, zone, '', { ...noEffect, ...effect }), zone, 'udp');
  return { ...readResponse(encoded.bytes), services: encoded.services };
}

describe('the HTTPS record', () => {
  test('has priority 1, the web name, and the protocols', () => {
    const answer = ask({ name: '_8443._HTTPS.web.lab.test', type: 'HTTPS' });
    expect(answer).toMatchObject({ rcode: 0, aa: true, authorities: [], services: ['1 web.lab.test alpn=h2,http/1.1'] });
    expect(answer.answers.map(({ name, type, ttl, data }) => [name, type, ttl, data.toString('latin1')])).toEqual([['_8443._HTTPS.web.lab.test', 65, 60, '\x00\x01\x03web\x03lab\x04test\x00\x00\x01\x00\x0c\x02h2\x08http/1.1']]);
  });

  test('is at the name with the port alone: the other names, and its parents, have none', () => {
    const rcodes = (name: string, type: 'A' | 'AAAA' | 'HTTPS'): string => { const { rcode, answers, authorities } = ask({ name, type }); return `${rcode} ${answers.length} ${authorities.length}`; };
    expect([rcodes('web.lab.test', 'HTTPS'), rcodes(prefixed, 'A'), rcodes(prefixed, 'AAAA'), rcodes('_https.web.lab.test', 'HTTPS')]).toEqual(['0 0 1', '0 0 1', '0 0 1', '0 0 1']);
    expect([rcodes('_443._https.web.lab.test', 'HTTPS'), rcodes('_8443._https.lab.test', 'HTTPS')]).toEqual(['3 0 1', '3 0 1']);
  });

  test('is not there in a zone without it: NODATA, and no such name', () => {
    const zone = zoneOf([]);
    expect([ask({ name: 'web.lab.test', type: 'HTTPS' }, zone), ask({ name: prefixed, type: 'HTTPS' }, zone)].map(({ rcode, answers, services }) => [rcode, answers.length, services])).toEqual([[0, 0, undefined], [3, 0, undefined]]);
  });

  test('announces what it is told to', () => {
    const zone = zoneOf();
    zone.announce(['h3']);
    expect(ask({ name: prefixed, type: 'HTTPS' }, zone).services).toEqual(['1 web.lab.test alpn=h3']);
  });

  test('the effects of rules are those on other answers, and an inserted address does not touch it', () => {
    const of = (effect: Partial<Effect>) => ask({ name: prefixed, type: 'HTTPS' }, zoneOf(), effect);
    expect(of({ insert: ['198.51.100.98', '198.51.100.99', '2001:db8::99'], omit: ['198.51.100.11'] }).services).toEqual(['1 web.lab.test alpn=h2,http/1.1']);
    expect(of({ ttlS: 7, cnames: 2 }).answers.map(({ type, ttl }) => [type, ttl])).toEqual([[5, 7], [5, 7], [65, 7]]);
    expect(of({ truncate: 0 })).toMatchObject({ tc: true, answers: [], services: undefined });
    expect(of({ nodata: true })).toMatchObject({ rcode: 0, answers: [], services: undefined });
    expect(of({ rcode: 'SERVFAIL' })).toMatchObject({ rcode: 2, answers: [], services: undefined });
  });
});
