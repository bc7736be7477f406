/** What a run asks of the lab: HTTP, HTTPS and HTTP/2 by its scenario and by options, and what does not go together. */
import { describe, expect, test } from 'vitest';
import { createTopology } from '../vocabulary/topology.ts';
import { labChangeOf } from './lab-change.ts';
import type { Scenario } from './scenario.ts';

const scenario = (more: Partial<Scenario> = {}): Scenario => ({ title: '', teaches: '', predict: '', explains: '', sources: [], run: () => Promise.resolve(), checks: () => [], ...more });
const lab = (more: Partial<Scenario>, clientOptions: Parameters<typeof labChangeOf>[0]['clientOptions'], client = 'node-fetch') =>
  createTopology(labChangeOf({ name: 'mine', scenario: scenario(more), client, ...(clientOptions && { clientOptions }) }));

describe('what the backends speak', () => {
  test.each([
    [{}, {}, { scheme: 'http', offers: ['1.1'] }],
    [{}, { scheme: 'https' as const }, { scheme: 'https', offers: ['2', '1.1'] }],
    [{}, { scheme: 'https' as const, http: '1.1' as const }, { scheme: 'https', offers: ['1.1'] }],
    [{ https: true as const }, {}, { scheme: 'https', offers: ['2', '1.1'] }],
    [{ http2: true as const }, {}, { scheme: 'https', offers: ['2', '1.1'] }],
  ])('%j with %j', (more, options, expected) => {
    expect(lab(more, options)).toMatchObject(expected);
  });
});

describe('what does not go together is one message before the run', () => {
  test.each([
    [{}, { http: '2' as const }, 'node-fetch', 'HTTP/2 needs TLS here: client and server agree on it in the handshake. Expected `scheme=https` beside `http=2`, got `scheme=http`.'],
    [{ https: true as const }, { scheme: 'http' as const }, 'node-fetch', 'The scenario mine is about TLS. Expected scheme=https, got scheme=http.'],
    [{ http2: true as const }, { http: '1.1' as const }, 'node-fetch', 'The scenario mine is about HTTP/2. Expected http=2, got http=1.1.'],
    [{}, { scheme: 'https' as const }, 'musl', /^Expected a client that speaks TLS and takes the lab's CA, because the lab is over HTTPS, got `musl`, which does not\. Those that do: .*\bcurl\b/],
    [{ http2: true as const }, {}, 'ruby', /^Expected a client that speaks HTTP\/2, because `http=2` asks for it, got `ruby`, which cannot\. Those that can: .*\bgo\b/],
  ])('%j with %j and %s', (more, options, client, message) => {
    expect(() => lab(more, options, client)).toThrow(message);
  });
});
