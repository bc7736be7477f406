/** The commands that faults run, compared as exact lists. These tests need no network. */
import { expect, test } from 'vitest';
import { buildBlackholeScript } from './blackhole.ts';
import { buildDataLostScript } from './data-lost.ts';
import { buildFirstSynsScript } from './first-syns-lost.ts';
import { buildHalfOpenScript, parsePeers } from './half-open.ts';
import { buildQuicSilentScript } from './quic-silent.ts';
import { buildResetArgs } from './reset.ts';
import { buildRejectScript } from './unreachable.ts';

test('blackhole drops the packets that leave the server’s port, in one family', () => {
  expect(buildBlackholeScript('add', 'from', { kind: 'backend', port: 8080 }, 4, '198.51.100.11')).toBe('ip -4 rule add pref 1 from 198.51.100.11 ipproto 6 sport 8080 blackhole');
  expect(buildBlackholeScript('delete', 'from', { kind: 'dns', port: 53 }, 6, '2001:db8:1::53').split('\n')).toEqual([
    'ip -6 rule delete pref 1 from 2001:db8:1::53 ipproto 17 sport 53 blackhole',
    'ip -6 rule delete pref 1 from 2001:db8:1::53 ipproto 6 sport 53 blackhole',
  ]);
});

test('blackhole drops arriving packets before the kernel asks its local table', () => {
  expect(buildBlackholeScript('add', 'to', { kind: 'backend', port: 8080 }, 4, '198.51.100.11').split('\n')).toEqual([
    'if [ -z "$(ip -4 rule show pref 3)" ]; then ip -4 rule add pref 3 lookup local; ip -4 rule delete pref 0; fi',
    'ip -4 rule add pref 2 to 198.51.100.11 ipproto 6 dport 8080 blackhole',
  ]);
  expect(buildBlackholeScript('delete', 'both', { kind: 'backend', port: 8080 }, 6, '2001:db8:1::11').split('\n')).toEqual([
    'ip -6 rule delete pref 1 from 2001:db8:1::11 ipproto 6 sport 8080 blackhole',
    'ip -6 rule delete pref 2 to 2001:db8:1::11 ipproto 6 dport 8080 blackhole',
    'if [ -z "$(ip -6 rule show pref 2)" ]; then ip -6 rule add pref 0 lookup local; ip -6 rule delete pref 3; fi',
  ]);
});

test('unreachable and prohibited answer packets for the port with ICMP', () => {
  expect(buildRejectScript('prohibited', 4, 8080, 'admin-prohibited').split('\n')).toEqual([
    'add table ip prohibited',
    'add chain ip prohibited arriving { type filter hook input priority filter; }',
    'add rule ip prohibited arriving meta l4proto { tcp, udp } th dport 8080 reject with icmp type admin-prohibited',
  ]);
  expect(buildRejectScript('unreachable', 6, 53, 'no-route').split('\n').at(-1)).toBe(
    'add rule ip6 unreachable arriving meta l4proto { tcp, udp } th dport 53 reject with icmpv6 type no-route',
  );
});

test('first-syns-lost has a bucket for each flow', () => {
  expect(buildFirstSynsScript(6, 8080, 2).split('\n')).toEqual([
    'add table ip6 first_syns_lost',
    'add set ip6 first_syns_lost flows { type ipv6_addr . inet_service; flags dynamic; timeout 10m; }',
    'add chain ip6 first_syns_lost arriving { type filter hook input priority filter; }',
    'add rule ip6 first_syns_lost arriving tcp dport 8080 tcp flags & (syn | ack) == syn add @flows { ip6 saddr . tcp sport limit rate 1/day burst 2 packets } drop',
  ]);
});

test('quic-silent drops the datagrams for the port', () => {
  expect(buildQuicSilentScript(6, 8443).split('\n')).toEqual([
    'add table ip6 quic_silent',
    'add chain ip6 quic_silent arriving { type filter hook input priority filter; }',
    'add rule ip6 quic_silent arriving udp dport 8443 drop',
  ]);
});

test('half-open drops the flows that ss lists, in the chosen direction', () => {
  const listed = '0      0      198.51.100.11:8080 198.51.100.200:41000\n0 0 [2001:db8:1::11]:8080 [2001:db8:1:0:8000::200]:41001 \n';
  expect(parsePeers(listed)).toEqual(['198.51.100.200 . 41000', '2001:db8:1:0:8000::200 . 41001']);
  expect(buildHalfOpenScript(4, 8080, 'to', ['198.51.100.200 . 41000']).split('\n')).toEqual([
    'add table ip half_open',
    'add set ip half_open flows { type ipv4_addr . inet_service; }',
    'add element ip half_open flows { 198.51.100.200 . 41000 }',
    'add chain ip half_open arriving { type filter hook input priority filter; }',
    'add rule ip half_open arriving tcp dport 8080 ip saddr . tcp sport @flows drop',
  ]);
  expect(buildHalfOpenScript(6, 8080, 'both', null).split('\n')).toEqual([
    'add table ip6 half_open',
    'add chain ip6 half_open arriving { type filter hook input priority filter; }',
    'add rule ip6 half_open arriving tcp dport 8080 drop',
    'add chain ip6 half_open leaving { type filter hook output priority filter; }',
    'add rule ip6 half_open leaving tcp sport 8080 drop',
  ]);
});

test('data-lost drops the segments that end a write, and nothing else', () => {
  expect(buildDataLostScript(4, 8080).split('\n')).toEqual([
    'add table ip data_lost',
    'add chain ip data_lost arriving { type filter hook input priority filter; }',
    'add rule ip data_lost arriving tcp dport 8080 tcp flags & psh == psh drop',
  ]);
});

test('reset kills the established connections of one family', () => {
  expect(buildResetArgs(6, 8080)).toEqual('ss -6 -K -Htn state established sport = :8080'.split(' '));
});
