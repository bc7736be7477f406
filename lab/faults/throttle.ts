/** A narrow link: a token bucket at the host that sends (tc-tbf(8)). What the client sends to the backend is not slowed. */
import { integer } from '../options.ts';
import { defineFault, runOn } from './fault.ts';

/** The bucket: what passes at full speed before the rate bites. It must hold one frame. */
const burstBytes = 1_600;
/** At the highest rate it still takes 12 ms, where an open link takes under 2. */
const probeBytes = 8_000;
/** TCP, IP and Ethernet headers on top of the body, and the rate's own granularity. */
const toleratedFaster = 1.1;

export const throttle = defineFault({
  summary: 'limits what the backend sends to a rate',
  effect: 'responses arrive at the rate; connects and small answers hardly change',
  on: ['backend'],
  options: { rateKbit: integer(256, 8, 'kilobits a second', 4_000) },
  apply: async (target, { rateKbit }) => {
    await runOn(target, buildTbfArgs(rateKbit));
    return () => runOn(target, ['tc', 'qdisc', 'delete', 'dev', 'eth0', 'root']);
  },
  observe: async (target, { rateKbit }) => {
    const expectedMs = ((probeBytes - burstBytes) * 8) / rateKbit;
    const { outcome, bytes = 0, tookMs } = await target.probe.get(target.name, 4, `/bytes/${probeBytes}`, expectedMs * 4 + 1_000);
    const observedKbit = ((bytes - burstBytes) * 8) / tookMs;
    return {
      seen: outcome === 'response' && observedKbit <= rateKbit * toleratedFaster,
      observed: outcome === 'response' ? `${bytes} bytes in ${tookMs.toFixed(0)} ms: ${Math.max(observedKbit, 0).toFixed(0)} kbit/s after the burst` : outcome,
    };
  },
});

/** `latency` bounds the queue: generous, so that the fault slows and does not drop. */
export function buildTbfArgs(rateKbit: number): string[] {
  return ['tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', 'tbf', 'rate', `${rateKbit}kbit`, 'burst', String(burstBytes), 'latency', '2s'];
}
