/**
 * Packets with a flipped bit, behind the checksum of the wire and inside that of TCP, UDP or ICMP: the receiver's kernel finds it
 * and throws the packet away (RFC 1071), so TCP sends it again. To a client it is loss; what tells the two apart is the receiver's
 * count of checksum errors.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, type FaultTarget } from './fault.ts';
import { answered, echoesToSee, linkTargets, observePings, repeatedTwiceMs, scope } from './link-echoes.ts';

export const corrupt = defineFault({
  summary: 'one bit of a share of the packets is flipped, so that their checksum is wrong',
  effect: 'as loss: the receiver’s kernel drops them, and TCP sends them again',
  on: linkTargets,
  options: { percent: integer(20, 1, 'of the packets, each way that is hit', 100), ...scope },
  apply: (target, options) => target.link.impair('corrupt', options),
  by: ({ link }) => link.by('corrupt'),
  answersLateMs: () => repeatedTwiceMs,
  observe: async (target, options) => {
    const before = await checksumErrors(target);
    const { seen, observed } = await observePings(target, options, echoesToSee(options.percent), ({ sent, echoes }) => {
      const lost = sent - answered(echoes).size;
      return { seen: lost > 0, observed: `${lost} of ${sent} echoes lost` };
    });
    const errors = (await checksumErrors(target)) - before;
    return { seen: seen && errors > 0, observed: `${observed}, ${errors} checksum errors` };
  },
});

/** What the kernels at both ends have thrown away: InCsumErrors of ICMP (RFC 4293's counters, and Linux' own). */
async function checksumErrors({ host, probe }: FaultTarget): Promise<number> {
  const counts = await Promise.all([host, probe.host].map(async (each) => {
    const { stdout } = await each.run(['cat', '/proc/net/snmp', '/proc/net/snmp6']);
    const [names = [], values = []] = stdout.split('\n').filter((line) => line.startsWith('Icmp: ')).map((line) => line.split(/\s+/));
    const ipv6 = /^Icmp6InCsumErrors\s+(\d+)/m.exec(stdout)?.[1];
    return Number(values[names.indexOf('InCsumErrors')] ?? 0) + Number(ipv6 ?? 0);
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}
