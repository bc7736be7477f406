/** What the scenarios about TLS share: the first of two addresses is broken there, and the second one is well. */
import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { Result, Stage } from '../lab/run/scenario.ts';
import type { Topology } from '../lab/vocabulary/topology.ts';
import { attemptsText, triedCheck } from './common.ts';
import { measure, measuredEvents, type MeasuredRequest } from './matrix/failure.ts';

export type ClientHello = Extract<TimelineEvent, { event: 'wire:client-hello' }>;
type Asked = Result<MeasuredRequest>;

/** How long undici has to connect, TLS included. Its timer wheel turns twice a second, and is late by that much at most. */
export const undiciConnectMs = 10_000;
export const undiciTolerance = { earlyMs: 500, lateMs: 1_500 };

/** DNS offers backend-1 first, then backend-2, in zone order. The fault acts on backend-1. Then one request is made. */
export async function askWithFirstBroken(stage: Stage, fault: string, options: Record<string, string | number> = {}): Promise<MeasuredRequest> {
  await stage.dns.chain(['sort', 'selectFirst 2']);
  await stage.apply(fault, 'backend-1', options);
  return await measure(stage);
}

/** The ClientHellos that went to backend-1, over either family. */
export function hellosToFirst(events: readonly TimelineEvent[], { hosts }: Topology): ClientHello[] {
  const { ipv4, ipv6 } = hosts['backend-1'];
  return measuredEvents(events).filter((event): event is ClientHello => event.event === 'wire:client-hello' && (event.address === ipv4 || event.address === ipv6));
}

/** Checks for every client: it began TLS with the broken backend, and got no answer there. */
export function brokenFirstChecks({ findings, events, topology, data: { outcome, by } }: Asked): Check[] {
  const hellos = hellosToFirst(events, topology).length;
  return [
    triedCheck(findings),
    checkUnless(
      hellos === 0 ? 'the client sent no ClientHello to backend-1' : null,
      check('no answer came from backend-1', by !== 'backend-1', `${by === null ? outcome : `${outcome} by ${by}`}, after ${hellos} ClientHellos to backend-1`),
    ),
  ];
}

/** Checks for our own clients: the caller got this error, and the client tried no other address. */
export function failedAtFirst({ findings: { attempts }, data: { outcome } }: Asked, error: string): Check[] {
  return [
    check(`the caller got the error ${error}`, outcome === error, outcome),
    check('the client tried one address only, and connected there', attempts.length === 1 && attempts[0]?.outcome === 'connected', attemptsText(attempts)),
  ];
}

/** Milliseconds from the first ClientHello of the measured request to the first SYN to another address. Null if the client tried no other one. */
export function nextAddressMs({ events }: { events: readonly TimelineEvent[] }): number | null {
  const own = measuredEvents(events);
  const hello = own.find((event) => event.event === 'wire:client-hello');
  const syn = hello?.event === 'wire:client-hello' && own.find((event) => event.event === 'wire:syn' && event.tMs > hello.tMs && event.address !== hello.address);
  return hello && syn ? syn.tMs - hello.tMs : null;
}

/** Milliseconds from the first ClientHello of the measured request to the answer or the error at its caller. Null if there was none. */
export function sinceHello({ events }: { events: readonly TimelineEvent[] }): number | null {
  const own = measuredEvents(events);
  const hello = own.find(({ event }) => event === 'wire:client-hello');
  const told = own.find(({ event }) => event === 'client:response' || event === 'client:error');
  return hello && told ? told.tMs - hello.tMs : null;
}
