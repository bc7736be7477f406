/** Measures how long the lab itself takes. It writes JSON to stdout and its progress to stderr. Nothing here passes or fails. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, release } from 'node:os';
import { nowMs } from '../lab/vocabulary/events.ts';
import type { Driver } from '../lab/network/drivers/driver.ts';
import { drivers } from '../lab/network/drivers/index.ts';
import type { FaultName } from '../lab/faults/index.ts';
import { median } from '../lab/analysis/median.ts';
import { createLab, startLab, type Lab } from '../lab/run/lab.ts';
import type { Sighting } from '../lab/network/probe.ts';
import { Timeline } from '../lab/run/timeline.ts';
import { addressOf } from '../lab/vocabulary/topology.ts';

const runs = Number(process.env['BENCH_RUNS'] ?? 15);

interface Spread {
  medianMs: number;
  minMs: number;
  maxMs: number;
  runs: number;
}

async function repeat(title: string, measure: () => Promise<number>, times = runs): Promise<Spread> {
  process.stderr.write(`${title} `);
  const values: number[] = [];
  for (let run = 0; run < times; run++) {
    values.push(await measure());
    process.stderr.write('.');
  }
  values.sort((a, b) => a - b);
  process.stderr.write('\n');
  const at = (index: number): number => Math.round((values[index] ?? NaN) * 10) / 10;
  return { medianMs: at(Math.floor(values.length / 2)), minMs: at(0), maxMs: at(values.length - 1), runs: times };
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

function command(...argv: string[]): () => Promise<number> {
  return () => {
    const startMs = nowMs();
    const { status } = spawnSync(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' });
    if (status !== 0) throw new Error(`\`${argv.join(' ')}\` ended with exit status ${String(status)}, expected 0. Run it by hand to see why.`);
    return Promise.resolve(nowMs() - startMs);
  };
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
  await new Promise((resolve) => setTimeout(resolve, 60));
  clearInterval(timer);
  await applying;
  const first = (await Promise.all(probes)).filter(isSign).map(({ startMs }) => startMs);
  if (first.length === 0) throw new Error(`Expected a probe to see the fault ${fault} on backend-1, but none of ${probes.length} probes did.`);
  return Math.max(Math.min(...first) - calledMs, 0);
}

/** The size of the measured response. A backend cannot send much more in one response. */
const bodyBytes = 16_000_000;
/** A program for the client's host. It requests one big body, and prints the bytes it read and the time in ms since the headers arrived. */
const reader = `
const [host, bytes] = process.argv.slice(1);
require('http').get({ host, port: 8080, path: '/bytes/' + bytes }, (response) => {
  const startMs = performance.now();
  let read = 0;
  response.on('data', (data) => (read += data.length)).on('end', () => console.log(JSON.stringify({ read, tookMs: performance.now() - startMs })));
});`;

async function megabytesPerS(lab: Lab): Promise<number> {
  const rates: number[] = [];
  for (let run = 0; run < 5; run++) {
    const { stdout, stderr } = await lab.host('client').run([lab.network.runtime.node, '--eval', reader, addressOf(lab.topology, 'backend-1', 4), String(bodyBytes)]);
    const { read, tookMs } = JSON.parse(stdout || '{}') as { read?: number; tookMs: number };
    if (read !== bodyBytes) throw new Error(`Expected a body of ${bodyBytes} bytes from backend-1, got ${String(read)}: ${stderr}`);
    rates.push(Math.round(read / 1_000 / tookMs));
  }
  return median(rates) ?? NaN;
}

async function roundTripMs(lab: Lab): Promise<number> {
  const { echoes } = await lab.probe.ping('backend-1', 4, { count: 200, everyMs: 2 });
  return Math.round((median(echoes.map(({ rttMs }) => rttMs)) ?? NaN) * 1_000) / 1_000;
}

/** Measures a link without a relay, and with a relay that passes the packets on unchanged. */
async function relay(driver: Driver): Promise<object> {
  process.stderr.write(`${driver.name}: relay\n`);
  await using lab = await startLab({ driver, timeline: new Timeline(), seed: '1' });
  const figures = async (): Promise<object> => ({ medianRoundTripMs: await roundTripMs(lab), medianMegabytesPerS: await megabytesPerS(lab) });
  const without = await figures();
  // This delay inserts the relay, but it affects only IPv6 packets to the host. The measured IPv4 packets pass the relay unchanged.
  await lab.apply('delay', 'backend-1', { delayMs: 5, direction: 'to', family: 6 });
  const through = await figures();
  return { without, through };
}

/** Measures everything on one driver. */
async function measure(driver: Driver): Promise<object> {
  const { name, maxLabs = Infinity } = driver;
  // A docker engine needs seconds for what namespaces do in a tenth of a second, so there are fewer runs on it.
  const times = maxLabs === 1 ? Math.ceil(runs / 3) : runs;
  const faultInForce: Record<string, Spread> = {};
  for (const [fault, isSign, how] of signs) faultInForce[fault] = await repeat(`${name}: ${fault} in force`, () => inForce(driver, fault, isSign, how), Math.ceil(times / 3));
  return {
    networkReady: await repeat(`${name}: network ready`, () => networkReady(driver), times),
    networkGone: await repeat(`${name}: network gone`, () => networkGone(driver), times),
    labReady: await repeat(`${name}: lab ready`, () => labReady(driver), times),
    allDown: await repeat(`${name}: make scenario name=all-down`, command('make', '-s', 'scenario', 'name=all-down', `driver=${name}`), times),
    faultInForce,
    relay: await relay(driver),
    allScenarios: await repeat(`${name}: make scenarios`, command('make', '-s', 'scenarios', `driver=${name}`), 1),
  };
}

const results: Record<string, object> = {};
for (const load of Object.values(drivers)) {
  const driver = await load();
  const missing = (await driver.requirements()).filter(({ found, optional }) => !found && !optional);
  results[driver.name] = missing.length === 0 ? await measure(driver) : { notMeasured: missing.map(({ name, observed }) => `${name}: ${observed}`) };
}
console.log(JSON.stringify({ machine: { cores: availableParallelism(), kernel: release(), node: process.version }, ...results }, null, 2));
