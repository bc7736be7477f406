/** The commands that faults run, as exact lines: what needs no network to be wrong. */
import { expect, test } from 'vitest';
import { buildBlackholeArgs } from './blackhole.ts';
import { buildReachableScript, buildUnreachableScript } from './unreachable.ts';

test('blackhole drops what leaves the server’s port, in one family', () => {
  expect(buildBlackholeArgs('add', 'backend', 4, '198.51.100.11')).toEqual([
    'ip -4 rule add pref 1 from 198.51.100.11 ipproto 6 sport 8080 blackhole'.split(' '),
  ]);
  expect(buildBlackholeArgs('delete', 'dns', 6, '2001:db8:1::53')).toEqual([
    'ip -6 rule delete pref 1 from 2001:db8:1::53 ipproto 17 sport 53 blackhole'.split(' '),
    'ip -6 rule delete pref 1 from 2001:db8:1::53 ipproto 6 sport 53 blackhole'.split(' '),
  ]);
});

test('unreachable moves the local table behind its own rule, and back', () => {
  expect(buildUnreachableScript(4, '198.51.100.11').split('\n')).toEqual([
    'ip -4 route add unreachable default table 100',
    'ip -4 rule add pref 2 lookup local',
    'ip -4 rule add pref 1 to 198.51.100.11 ipproto 6 dport 8080 lookup 100',
    'ip -4 rule delete pref 0',
  ]);
  expect(buildReachableScript(6, '2001:db8:1::11').split('\n')).toEqual([
    'ip -6 rule add pref 0 lookup local',
    'ip -6 rule delete pref 1 to 2001:db8:1::11 ipproto 6 dport 8080 lookup 100',
    'ip -6 rule delete pref 2 lookup local',
    'ip -6 route delete unreachable default table 100',
  ]);
});
