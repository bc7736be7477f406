/** What a lab by hand has seen, as a run: so `lab report`, `lab compare` and the picture take it. Nobody has asked a question, so there is no verdict. */
import { release } from 'node:os';
import { findingsOf } from '../analysis/findings.ts';
import type { FinishedRun } from '../run/journal.ts';
import type { Lab } from '../run/lab.ts';
import { addressesOf, type TopologyChange } from '../vocabulary/topology.ts';
import type { HandClient } from './hand-client.ts';

/** A lab by hand, and how it was started. */
export interface HandSession {
  lab: Lab;
  client: HandClient;
  seed: string;
  startedAt: Date;
  change: TopologyChange;
}

/** `remark` becomes a part of the comment in wire.pcapng. */
export function handRun({ lab, client, seed, startedAt, change }: HandSession, remark = ''): FinishedRun {
  const { timeline, wire, topology, network } = lab;
  const { events } = timeline;
  const { name, version } = client.state;
  return {
    events,
    topology,
    data: undefined,
    capture: lab.captureFile(`a lab by hand on ${network.driver}${remark}`),
    journal: {
      scenario: 'by-hand',
      driver: network.driver,
      client: name ?? 'by hand',
      command: null,
      about: { title: 'a lab by hand', teaches: '', predict: '', explains: '', sources: [] },
      clientImage: null,
      clientOptions: client.clientOptions,
      optionsNotApplied: [],
      seed: Number(seed),
      network: change,
      clientAddresses: addressesOf(topology, 'client'),
      resolvConf: topology.resolvConf && [...topology.resolvConf],
      resolvConfGiven: [],
      resolver: lab.resolver ? { name: lab.resolver.name, version: lab.resolver.version, serveStale: topology.serveStale } : null,
      status: 'completed',
      verdict: 'unknown',
      startedAt: startedAt.toISOString(),
      durationMs: Math.round(Date.now() - startedAt.getTime()),
      setupMs: null,
      platform: { kernel: release(), node: process.version, engine: network.engine ?? null, clientVersion: version },
      clock: lab.clock,
      error: null,
      wire: wire && { frames: wire.frames.length, dropped: wire.dropped },
      doubts: [...lab.doubts],
      checks: [],
      plot: null,
      findings: findingsOf(events.filter(({ tMs }) => tMs >= 0), topology),
    },
  };
}
