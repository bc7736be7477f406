/** Lookups with a search list, or with an HTTPS record: a resolver asks for several names, and that is one lookup. */
import { describe, expect, test } from 'vitest';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { queryOrder, resolutionDelay, resolutionsOnWire, type WireAttempt } from './wire-attempts.ts';

const topology = createTopology({ resolvConf: ['nameserver 198.51.100.53', 'search ns.svc.test lab.test', 'options ndots:5'] });
const about = { witness: 'wire', host: 'client', transport: 'udp', address: '198.51.100.53', localPort: 1 } as const;
const query = (tMs: number, id: number, name: string, type = 'A'): TimelineEvent => ({ ...about, event: 'wire:dns-query', tMs, id, name, type });
const answer = (tMs: number, id: number, name: string, rcode: string, addresses: string[] = [], type = 'A'): TimelineEvent => ({ ...about, event: 'wire:dns-response', tMs, id, name, type, rcode, addresses, truncated: false });

/** One lookup of `web.lab.test`, as a resolver with that search list makes it. */
const lookup = (tMs: number, id: number): TimelineEvent[] => [
  query(tMs, id, 'web.lab.test.ns.svc.test'), answer(tMs + 1, id, 'web.lab.test.ns.svc.test', 'NXDOMAIN'),
  query(tMs + 2, id + 1, 'WEB.lab.test.lab.test'), answer(tMs + 3, id + 1, 'WEB.lab.test.lab.test', 'NXDOMAIN'),
  query(tMs + 4, id + 2, 'web.lab.test'), answer(tMs + 5, id + 2, 'web.lab.test', 'NOERROR', ['198.51.100.11']),
];

describe('the number of lookups', () => {
  test('the names with the suffixes of the search list belong to one lookup', () => {
    expect(resolutionsOnWire(lookup(0, 10), topology)).toBe(1);
    expect(resolutionsOnWire([...lookup(0, 10), ...lookup(100, 20)], topology)).toBe(2);
  });

  test('without the search list they are three names', () => {
    expect(resolutionsOnWire(lookup(0, 10), createTopology())).toBe(3);
  });

  test('a resolver that asks again after an empty answer makes one lookup; the same id after an answer with an address is another one', () => {
    const empty = [query(0, 1, 'web.lab.test'), answer(1, 1, 'web.lab.test', 'NOERROR'), query(2, 1, 'web.lab.test'), answer(3, 1, 'web.lab.test', 'NOERROR')];
    expect(resolutionsOnWire(empty, topology)).toBe(1);
    const full = [query(0, 1, 'web.lab.test'), answer(1, 1, 'web.lab.test', 'NOERROR', ['198.51.100.11']), query(2, 1, 'web.lab.test')];
    expect(resolutionsOnWire(full, topology)).toBe(2);
  });

  test('a query for the HTTPS record belongs to the lookup of the addresses, whatever port it names, and is a part of the order', () => {
    const asked = [query(0, 1, '_8443._https.web.lab.test', 'HTTPS'), query(0, 2, 'web.lab.test'), query(1, 3, 'web.lab.test', 'AAAA'), query(2, 4, '_8443._https.web.lab.test', 'HTTPS')];
    expect(resolutionsOnWire(asked, topology)).toBe(1);
    expect(queryOrder(asked)).toBe('HTTPS A AAAA');
  });
});

test('the resolution delay is measured from the answer with the address', () => {
  const before = [query(0, 1, 'web.lab.test.ns.svc.test'), query(0, 2, 'web.lab.test.ns.svc.test', 'AAAA'), answer(1, 1, 'web.lab.test.ns.svc.test', 'NXDOMAIN'), answer(1, 2, 'web.lab.test.ns.svc.test', 'NXDOMAIN', [], 'AAAA')];
  const asked = [query(10, 3, 'web.lab.test'), query(10, 4, 'web.lab.test', 'AAAA'), answer(12, 3, 'web.lab.test', 'NOERROR', ['198.51.100.11'])];
  const attempts = [{ family: 4, startMs: 62 } as WireAttempt];
  expect(resolutionDelay([...before, ...asked], attempts)).toBe(50);
  expect(resolutionDelay([...before, ...asked, answer(40, 4, 'web.lab.test', 'NOERROR', [], 'AAAA')], attempts)).toBeNull();
});
