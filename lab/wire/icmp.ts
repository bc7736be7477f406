/** The words for ICMP errors (RFC 792, RFC 4443). */

export interface IcmpReason {
  /** `unreachable`: the packet cannot be delivered. `icmp`: any other error. The sender can go on, for instance with smaller packets. */
  kind: 'unreachable' | 'icmp';
  /** Type and code in words: `host unreachable`, `administratively prohibited`, `fragmentation needed, MTU 1280`, … */
  reason: string;
}

/** The codes of ICMP "destination unreachable" (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1). */
const icmpReasons: Record<number, string> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  5: 'source route failed',
  6: 'network unknown',
  7: 'host unknown',
  9: 'network administratively prohibited',
  10: 'host administratively prohibited',
  11: 'network unreachable for this type of service',
  12: 'host unreachable for this type of service',
  13: 'administratively prohibited',
  14: 'host precedence violation',
  15: 'precedence cutoff',
};
/** The codes of ICMPv6 "destination unreachable" (RFC 4443 section 3.1). */
const icmpv6Reasons: Record<number, string> = {
  0: 'no route',
  1: 'administratively prohibited',
  2: 'beyond the scope of the source address',
  3: 'address unreachable',
  4: 'port unreachable',
  5: 'source address prohibited',
  6: 'route rejected',
};
const expiry = ['time exceeded on the way', 'time exceeded while fragments were collected'];

/** What an ICMP message of at least 8 bytes says, or null if it is no error (RFC 792; the MTU: RFC 1191 section 4). */
export function icmpError(message: Buffer): IcmpReason | null {
  const [type = 0, code = 0] = message;
  switch (type) {
    case 3:
      if (code === 4) return { kind: 'icmp', reason: `fragmentation needed, MTU ${message.readUInt16BE(6)}` };
      return { kind: 'unreachable', reason: icmpReasons[code] ?? `code ${code}` };
    case 4:
      return { kind: 'icmp', reason: 'source quench' };
    case 5:
      return { kind: 'icmp', reason: `redirected to ${message.subarray(4, 8).join('.')}` };
    case 11:
      return { kind: 'icmp', reason: expiry[code] ?? `time exceeded, code ${code}` };
    case 12:
      return { kind: 'icmp', reason: `parameter problem, code ${code}` };
    default:
      return null;
  }
}

/** The same for ICMPv6 (RFC 4443 section 3). */
export function icmpv6Error(message: Buffer): IcmpReason | null {
  const [type = 0, code = 0] = message;
  switch (type) {
    case 1:
      return { kind: 'unreachable', reason: icmpv6Reasons[code] ?? `code ${code}` };
    case 2:
      return { kind: 'icmp', reason: `packet too big, MTU ${message.readUInt32BE(4)}` };
    case 3:
      return { kind: 'icmp', reason: expiry[code] ?? `time exceeded, code ${code}` };
    case 4:
      return { kind: 'icmp', reason: `parameter problem, code ${code}` };
    default:
      return null;
  }
}
