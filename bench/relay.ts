/** The relay in the link of a host: throughput, and the round trip. */
import { addressOf } from '../lab/vocabulary/topology.ts';
import { median } from '../lab/analysis/median.ts';
import type { Driver } from '../lab/network/drivers/driver.ts';
import { startLab, type Lab } from '../lab/run/lab.ts';
import { Timeline } from '../lab/run/timeline.ts';
import { rounded } from './measure.ts';

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
  for (let run = 0; run < 9; run++) {
    const { stdout, stderr } = await lab.host('client').run([lab.network.runtime.node, '--eval', reader, addressOf(lab.topology, 'backend-1', 4), String(bodyBytes)]);
    const { read, tookMs } = JSON.parse(stdout || '{}') as { read?: number; tookMs: number };
    if (read !== bodyBytes) throw new Error(`Expected a body of ${bodyBytes} bytes from backend-1, got ${String(read)}: ${stderr}`);
    rates.push(Math.round(read / 1_000 / tookMs));
  }
  return median(rates) ?? NaN;
}

async function roundTripMs(lab: Lab): Promise<number> {
  const { echoes } = await lab.probe.ping('backend-1', 4, { count: 200, everyMs: 2 });
  return rounded(median(echoes.map(({ rttMs }) => rttMs)), 3);
}

interface Figures {
  medianRoundTripMs: number;
  medianMegabytesPerS: number;
}

/**
 * Measures IPv4 on a link without a relay (`without`), through a relay whose impairment touches only IPv6 (`through`), and through a relay that decides about
 * each packet (`packetByPacket`). The added round trip and the share of the throughput compare with `without`.
 */
export async function relay(driver: Driver): Promise<object> {
  process.stderr.write(`${driver.name}: relay\n`);
  await using lab = await startLab({ driver, timeline: new Timeline(), seed: '1' });
  const figures = async (): Promise<Figures> => ({ medianRoundTripMs: await roundTripMs(lab), medianMegabytesPerS: await megabytesPerS(lab) });
  const without = await figures();
  const compared = (through: Figures): object => ({
    ...through,
    addedRoundTripMs: rounded(through.medianRoundTripMs - without.medianRoundTripMs, 3),
    overWithout: rounded(through.medianMegabytesPerS / without.medianMegabytesPerS, 2),
  });
  await lab.apply('delay', 'backend-1', { delayMs: 5, direction: 'to', family: 6 });
  const through = await figures();
  // It delays only SYN-ACKs, which are not in what is measured. But every IPv4 packet may be one, and so each is looked at.
  await lab.apply('slow-handshake', 'backend-1', { delayMs: 5, family: 4 });
  return { without, through: compared(through), packetByPacket: compared(await figures()) };
}
