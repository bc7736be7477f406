/** A narrow link: packets leave one after the other at a rate and wait in a queue. The queue holds 2 s; packets beyond that are dropped. */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { linkTargets, observePings, scope } from './link-echoes.ts';

/** The Ethernet, IPv4 and ICMP headers of an echo. */
const headerBytes = 14 + 20 + 8;
/** The size of a SYN-ACK and a small response, in both families at the same time. */
const answerBytes = 1_000;
/** At the rate, the burst takes this long. A link without a limit sends it faster, even on a busy machine. */
const burstMs = 40;
/** The bursts of both families wait in one queue, which holds 2 s. */
const longestBurstMs = 800;

export const throttle = defineFault({
  summary: 'limits the link to a rate, in one direction or both',
  effect: 'large responses or uploads arrive at the rate; connects and small answers hardly change',
  on: linkTargets,
  options: { rateKbit: integer(256, 8, 'kilobits per second', 20_000), ...scope },
  apply: (target, options) => target.link.impair('throttle', options),
  by: ({ link }) => link.by('throttle'),
  answersLateMs: ({ rateKbit }) => Math.ceil((answerBytes * 8) / rateKbit),
  observe: (target, options) => {
    // The burst must take longer than the delay of other faults in force.
    const burstBytes = (Math.min(burstMs + target.probe.lateMs(target.name), longestBurstMs) * options.rateKbit) / 8;
    // At least two echoes; they are small if the link is very narrow.
    const echoBytes = Math.round(Math.min(Math.max(burstBytes / 2 - headerBytes, 32), 1_400));
    const count = Math.max(Math.ceil(burstBytes / (echoBytes + headerBytes)), 2);
    const takesMs = (echoes: number): number => (echoes * (echoBytes + headerBytes) * 8) / options.rateKbit;
    // The burst of the other family may stand in the queue between two echoes.
    const waitMs = 2 * takesMs(count) + target.probe.silenceMs;
    // The host may have to ask for its neighbour first, and a lost question is asked again after 1 s.
    return observePings(target, options, { count, batch: count, bytes: echoBytes, waitMs, limitMs: waitMs + 3_000 }, ({ sent, echoes }) => {
      const lastMs = Math.max(...echoes.map(({ sinceMs }) => sinceMs));
      const observedKbit = (echoes.length * (echoBytes + headerBytes) * 8) / lastMs;
      return {
        // Another fault may lose some echoes.
        seen: echoes.length > sent / 2 && lastMs >= takesMs(echoes.length) - 1,
        observed: echoes.length > 0 ? `${echoes.length * (echoBytes + headerBytes)} bytes in ${lastMs.toFixed(0)} ms: ${observedKbit.toFixed(0)} kbit/s` : 'no answer',
      };
    });
  },
});
