import { expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../../vocabulary/events.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { findingsOf } from '../../analysis/findings.ts';
import { flowsOf } from '../flows.ts';
import { hostsOfLab } from '../hosts-of.ts';
import { callerLane } from './caller.ts';
import { handshakeBars } from './handshakes.ts';

const flow = { address: '198.51.100.11', port: 8443, localPort: 40_000, family: 4 };
const at = <Name extends EventName>(tMs: number, event: Name, payload: Payload<Name>): TimelineEvent => ({ tMs, witness: event.split(':')[0], host: 'client', event, ...payload }) as unknown as TimelineEvent;
const begun = [at(0, 'wire:syn', flow), at(1, 'wire:syn-ack', flow), at(2, 'wire:client-hello', { ...flow, alpn: ['h2'], versions: ['TLS 1.3'], resumes: false, bytes: 1_589 })];
const answered = at(4, 'wire:server-hello', { ...flow, version: 'TLS 1.3', cipher: 'TLS_AES_256_GCM_SHA384', resumed: false, retry: false });
const done = at(7, 'wire:tls-done', { ...flow, ms: 5, version: 'TLS 1.3', alpn: 'h2', resumed: true });
const closed = at(3_000, 'wire:fin', { ...flow, sender: 'client' });

const bars = (...events: TimelineEvent[]) => flowsOf(events).flatMap((each) => handshakeBars(each, 'host-0', each.closedMs ?? 0)).map(({ fromMs, toMs, look, tone, labels: [label], title }) => ({ fromMs, toMs, look, tone, label, title }));

test('a handshake that came to its end has a bar, with what it came to', () => {
  expect(bars(...begun, answered, done, closed)).toEqual([{ fromMs: 2, toMs: 7, look: 'outline', tone: 'host-0', label: 'TLS 5.0 ms', title: 'TLS handshake with .11: TLS 1.3, h2, resumed, after 5.0 ms' }]);
});

test('a ClientHello that the server does not answer has a bar until the connection ends', () => {
  const notAnswered = [{ fromMs: 2, toMs: 3_000, look: 'dashed', tone: 'failed', label: 'TLS not answered 3.00 s' }];
  expect(bars(...begun, closed)).toMatchObject(notAnswered);
  const alert = (sender: 'client' | 'server'): TimelineEvent => at(2_999, 'wire:tls-alert', { ...flow, sender, level: 'fatal', alert: 'user_canceled' });
  expect(bars(...begun, alert('client'), closed)).toMatchObject(notAnswered);
  expect(bars(...begun, alert('server'), closed)).toEqual([]);
});

test('without keys, nobody knows what a handshake came to after its ServerHello', () => {
  expect(bars(...begun, answered, closed)).toEqual([]);
});

test('the request waits for TLS behind its connect', () => {
  const topology = createTopology();
  const events = [at(-1, 'client:request', { request: 1, method: 'GET', url: 'https://web.lab.test:8443/' }), ...begun, answered, done, at(8, 'client:response', { request: 1, status: 200, body: '' })];
  const run = { name: 'made up', events, findings: findingsOf(events, topology), hosts: hostsOfLab(topology), startMs: 0 };
  const { lane } = callerLane(run, flowsOf(events), 8);
  expect(lane.rows[1]?.bars.map(({ fromMs, toMs, labels }) => [fromMs, toMs, labels.at(-1)])).toEqual([[-1, 0, 'client'], [0, 1, 'connect'], [1, 2, 'client'], [2, 7, 'TLS'], [7, 8, 'client']]);
});
