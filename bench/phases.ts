/** How long the parts of a run take, and how soon a fault is in force. */
import { nowMs } from '../lab/vocabulary/events.ts';
import type { FaultName } from '../lab/faults/index.ts';
import type { Driver } from '../lab/network/drivers/driver.ts';
import type { Sighting } from '../lab/network/probe.ts';
import { createLab, startLab } from '../lab/run/lab.ts';
import { Timeline } from '../lab/run/timeline.ts';
import { repeat, type Spread } from './measure.ts';

/** Measures the parts of a run on a driver, each of them `times` times. */
export async function phases(driver: Driver, times: number): Promise<object> {
  const { name } = driver;
  const faultInForce: Record<string, Spread> = {};
  for (const [fault, isSign, how] of signs) faultInForce[fault] = await repeat(`${name}: ${fault} in force`, () => inForce(driver, fault, isSign, how), Math.ceil(times / 3));
  return {
    networkReady: await repeat(`${name}: network ready`, () => networkReady(driver), times),
    networkGone: await repeat(`${name}: network gone`, () => networkGone(driver), times),
    labReady: await repeat(`${name}: lab ready`, () => labReady(driver), times),
    faultInForce,
  };
}

async function networkReady(driver: Driver): Promise<number> {
  const startMs = nowMs();
  const lab = await createLab({ driver, timeline: new Timeline(), seed: '1' });
  const tookMs = nowMs() - startMs;
  await lab[Symbol.asyncDispose]();
  return tookMs;
}

async function networkGone(driver: Driver): Promise<number> {
  const lab = await createLab({ driver, timeline: new Timeline(), seed: '1' });
  const startMs = nowMs();
  await lab[Symbol.asyncDispose]();
  return nowMs() - startMs;
}

async function labReady(driver: Driver): Promise<number> {
  const startMs = nowMs();
  const lab = await startLab({ driver, timeline: new Timeline(), seed: '1' });
  const tookMs = nowMs() - startMs;
  await lab[Symbol.asyncDispose]();
  return tookMs;
}

/** What a probe must see on IPv4 if a fault is in force. A healthy backend answers in under 1 ms. */
const signs: [FaultName, (sighting: Sighting) => boolean, 'connect' | 'get'][] = [
  ['stop', ({ outcome }) => outcome === 'ECONNREFUSED', 'connect'],
  ['kill', ({ outcome }) => outcome === 'ECONNREFUSED', 'connect'],
  ['refuse', ({ outcome }) => outcome === 'ECONNREFUSED', 'connect'],
  ['blackhole', ({ outcome }) => outcome === 'silent', 'connect'],
  ['vanish', ({ outcome }) => outcome === 'silent', 'connect'],
  ['unreachable', ({ outcome }) => outcome === 'EHOSTUNREACH', 'connect'],
  ['pause', ({ outcome }) => outcome === 'connected, then silent', 'get'],
  ['slow-response', ({ outcome, tookMs }) => outcome !== 'response' || tookMs > 100, 'get'],
];

/** Returns the time in ms from the call to the start of the first probe that saw the fault. A probe starts every millisecond. */
async function inForce(driver: Driver, fault: FaultName, isSign: (sighting: Sighting) => boolean, how: 'connect' | 'get'): Promise<number> {
  await using lab = await startLab({ driver, timeline: new Timeline(), seed: '1' });
  const probes: Promise<Sighting>[] = [];
  const probe = (): void => {
    probes.push(how === 'connect' ? lab.probe.connect('backend-1', 4, 150) : lab.probe.get('backend-1', 4, '/', 150));
  };
  const timer = setInterval(probe, 1);
  const calledMs = nowMs();
  const applying = lab.apply(fault, 'backend-1');
  // The lab has seen the effect then, and so does a probe that starts now.
  await applying;
  clearInterval(timer);
  probe();
  const first = (await Promise.all(probes)).filter(isSign).map(({ startMs }) => startMs);
  if (first.length === 0) throw new Error(`Expected a probe to see the fault ${fault} on backend-1, but none of ${probes.length} probes did.`);
  return Math.max(Math.min(...first) - calledMs, 0);
}
