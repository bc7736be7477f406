/** What stands before the IP header of a frame: Ethernet with its tags, the cooked headers of `tcpdump -i any`, or nothing at all. */

/** LINKTYPE_… (https://www.tcpdump.org/linktypes.html). */
export const linkTypes = { null: 0, ethernet: 1, rawBsd: 12, rawOpenbsd: 14, raw: 101, loop: 108, cooked: 113, ipv4: 228, ipv6: 229, cooked2: 276 } as const;

/** The EtherType of the rest of a frame (https://www.iana.org/assignments/ieee-802-numbers), or why there is none. */
export type Linked =
  | { etherType: number; rest: Buffer; toAll: boolean }
  | { tooShortFor: string }
  /** The frame has another link layer. */
  | { unknownLink: number };

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd };
/** IEEE 802.1Q and 802.1ad, and the type that was used before the latter. */
const tags = new Set([0x8100, 0x88a8, 0x9100]);

/** Takes the link layer off a frame. */
export function linkLayer(frame: Buffer, linkType: number): Linked {
  switch (linkType) {
    case linkTypes.ethernet:
      return ethernet(frame);
    case linkTypes.cooked: {
      if (frame.length < 16) return { tooShortFor: 'a cooked header (SLL)' };
      return tagged(frame.readUInt16BE(14), frame.subarray(16), isToAll(frame.readUInt16BE(0)));
    }
    case linkTypes.cooked2: {
      if (frame.length < 20) return { tooShortFor: 'a cooked header (SLL2)' };
      return tagged(frame.readUInt16BE(0), frame.subarray(20), isToAll(frame[10] ?? 0));
    }
    case linkTypes.null:
    case linkTypes.loop:
      // Four bytes say the family, in numbers that differ between systems. The version of the packet says it, too.
      return frame.length < 4 ? { tooShortFor: 'a loopback header' } : ip(frame.subarray(4));
    case linkTypes.raw:
    case linkTypes.rawBsd:
    case linkTypes.rawOpenbsd:
    case linkTypes.ipv4:
    case linkTypes.ipv6:
      return ip(frame);
    default:
      return { unknownLink: linkType };
  }
}

/** The hardware address of the sender, as hexadecimal digits. Null if the link layer has none. */
export function senderOf(frame: Buffer, linkType: number): string | null {
  if (linkType === linkTypes.ethernet) return frame.toString('hex', 6, 12);
  const at = linkType === linkTypes.cooked ? { length: frame.readUInt16BE(4), start: 6 } : linkType === linkTypes.cooked2 ? { length: frame[11] ?? 0, start: 12 } : null;
  return at && at.length === 6 ? frame.toString('hex', at.start, at.start + 6) : null;
}

function ethernet(frame: Buffer): Linked {
  if (frame.length < 14) return { tooShortFor: 'an Ethernet header' };
  return tagged(frame.readUInt16BE(12), frame.subarray(14), (frame[0] ?? 0) % 2 === 1);
}

/** Skips VLAN tags: two bytes, and the EtherType of the rest. */
function tagged(etherType: number, rest: Buffer, toAll: boolean): Linked {
  for (; tags.has(etherType); rest = rest.subarray(4)) {
    if (rest.length < 4) return { tooShortFor: 'a VLAN tag' };
    etherType = rest.readUInt16BE(2);
  }
  return { etherType, rest, toAll };
}

/** The packet type of a cooked header: 1 broadcast, 2 multicast, 4 sent by this host. Of a frame that was sent, it does not say to whom. */
function isToAll(packetType: number): boolean {
  return packetType === 1 || packetType === 2 || packetType === 4;
}

function ip(rest: Buffer): Linked {
  if (rest.length === 0) return { tooShortFor: 'an IP header' };
  const version = (rest[0] ?? 0) >> 4;
  return { etherType: version === 6 ? etherTypes.ipv6 : etherTypes.ipv4, rest, toAll: false };
}
