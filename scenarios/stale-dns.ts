import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

export const staleDns = defineScenario({
  title: 'a healthy backend is removed from DNS: when does its client leave?',
  teaches:
    'When a server is removed from DNS, new connections go elsewhere and old ones stay. A ' +
    'client that keeps its connection stays until somebody closes it.',
  predict:
    'The record of the backend in use is removed, while the backend is healthy and goes on. The client makes three more requests: which backend ' +
    'answers them? Which backends answer a new client?',
  explains:
    'A client asks DNS to open a connection, and a kept-alive connection is open already. So the client never learns of the change, whatever the ' +
    'TTL is, and the drained server keeps its load until it closes connections itself (`Connection: close`, or its end). A drain therefore has ' +
    'two steps: remove the server from DNS, then close the connections. With the first step alone, a deployment waits for clients that do not ' +
    'leave, or cuts them off in the middle of a request.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 9112 section 9.6 (a server that wants to be left says `Connection: close`)', 'RFC 1035 section 3.2.1 (TTL)'],
  reproduces: ['S5'],
  run: async ({ client, apply, startClient, backendAt, note }) => {
    const first = await client.get();
    const drained = backendAt(first.address);
    await apply('dns-record-removed', 'dns', { backend: drained });
    const kept = [await client.get(), await client.get(), await client.get()];
    note('a new client, with a new connection for each request');
    const newcomer = await startClient({ keepAlive: false });
    const newcomers = [await newcomer.get(), await newcomer.get(), await newcomer.get()];
    return { drained, kept, newcomers };
  },
  checks: ({ events, topology, data: { drained, newcomers } }) => {
    const { ipv4 } = topology.hosts[drained];
    const removedMs = events.find(({ event }) => event === 'fault:verified')?.tMs ?? Infinity;
    const answers = events.filter((event) => event.event === 'dns:answer' && event.type === 'A' && event.from === topology.hosts.client.ipv4 && event.tMs > removedMs);
    return [
      check(`after the removal no DNS answer named ${drained}`, answers.length > 0 && answers.every((event) => event.event === 'dns:answer' && !event.addresses.includes(ipv4)), `${answers.length} answers`),
      check('the new client was answered by the other backends', newcomers.every((answer) => answer.ok && answererOf(topology, answer) !== drained), newcomers.map((answer) => answererOf(topology, answer)).join(' ')),
    ];
  },
  contract: ({ events, topology, data: { drained, kept } }) => {
    const answerers = kept.map((answer) => answererOf(topology, answer));
    const queries = [2, 3, 4].flatMap((request) => dnsDuring(events, request, topology).queries).length;
    return [
      check(`the kept-alive connection stayed with ${drained}`, answerers.every((name) => name === drained), answerers.join(' ')),
      check('the client with the kept-alive connection sent no DNS query', queries === 0, `${queries} queries`),
    ];
  },
});
