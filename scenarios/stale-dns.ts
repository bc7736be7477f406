import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

export const staleDns = defineScenario({
  title: 'a server is taken out of DNS while it lives: when does its client leave?',
  teaches: 'Taking a server out of DNS moves new connections and no old one. A client that keeps its connection stays until somebody closes it.',
  predict: 'The record of the server in use is removed; the server is healthy and goes on. Three more requests: who answers them? Who answers a newcomer?',
  explains:
    'DNS is asked to dial, and a kept connection need not be dialled. The client never learns of the change, whatever the TTL is, and the drained server ' +
    'keeps its load until it closes connections itself (`Connection: close`, or its end). So a drain has two steps: out of DNS, and then close. With the first ' +
    'alone, a deployment waits for clients that will not leave, or cuts them off in mid-request.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 9112 section 9.6 (a server that wants to be left says `Connection: close`)', 'RFC 1035 section 3.2.1 (TTL)'],
  reproduces: ['S5'],
  run: async ({ client, apply, startClient, backendAt, note }) => {
    const first = await client.get();
    const drained = backendAt(first.address);
    await apply('dns-record-removed', 'dns', { backend: drained });
    const kept = [await client.get(), await client.get(), await client.get()];
    note('a newcomer, with a new connection for each request');
    const newcomer = await startClient({ keepAlive: false });
    const newcomers = [await newcomer.get(), await newcomer.get(), await newcomer.get()];
    return { drained, kept, newcomers };
  },
  checks: ({ events, topology, data: { drained, newcomers } }) => {
    const { ipv4 } = topology.hosts[drained];
    const removedMs = events.find(({ event }) => event === 'fault:verified')?.tMs ?? Infinity;
    const answers = events.filter((event) => event.event === 'dns:answer' && event.type === 'A' && event.from === topology.hosts.client.ipv4 && event.tMs > removedMs);
    return [
      check(`no answer named ${drained} any more`, answers.length > 0 && answers.every((event) => event.event === 'dns:answer' && !event.addresses.includes(ipv4)), `${answers.length} answers`),
      check('the newcomer was answered, and by the others', newcomers.every((answer) => answer.ok && answererOf(topology, answer) !== drained), newcomers.map((answer) => answererOf(topology, answer)).join(' ')),
    ];
  },
  contract: ({ events, topology, data: { drained, kept } }) => {
    const answerers = kept.map((answer) => answererOf(topology, answer));
    const queries = [2, 3, 4].flatMap((request) => dnsDuring(events, request, topology).queries).length;
    return [
      check(`the kept connection stayed with ${drained}`, answerers.every((name) => name === drained), answerers.join(' ')),
      check('and asked nothing', queries === 0, `${queries} queries`),
    ];
  },
});
