/**
 * Packets arrive with one flipped bit. The checksum of the link does not cover the error, but the checksum of TCP, UDP or ICMP does. The
 * receiver's kernel finds the error and drops the packet (RFC 1071), so TCP sends it again. For a client this is the same as loss. Only
 * the receiver's count of checksum errors tells the two apart.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, type FaultTarget } from './fault.ts';
import { answered, echoesToSee, linkTargets, observePings, repeatedTwiceMs, scope } from './link-echoes.ts';

export const corrupt = defineFault({
  summary: 'flips one bit in a share of the packets, so that their checksum is wrong',
  effect: 'the same as loss: the receiver’s kernel drops the packets, and TCP retransmits them',
  on: linkTargets,
  options: { percent: integer(20, 1, 'percentage of the packets, in each direction that is hit', 100), ...scope },
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

/** The number of ICMP packets that the kernels at both ends dropped for a wrong checksum: InCsumErrors (counters of RFC 4293, and Linux' own). */
async function checksumErrors({ host, probe }: FaultTarget): Promise<number> {
  const counts = await Promise.all([host, probe.host].map(async (each) => {
    const { stdout } = await each.run(['cat', '/proc/net/snmp', '/proc/net/snmp6']);
    const [names = [], values = []] = stdout.split('\n').filter((line) => line.startsWith('Icmp: ')).map((line) => line.split(/\s+/));
    const ipv6 = /^Icmp6InCsumErrors\s+(\d+)/m.exec(stdout)?.[1];
    return Number(values[names.indexOf('InCsumErrors')] ?? 0) + Number(ipv6 ?? 0);
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}
