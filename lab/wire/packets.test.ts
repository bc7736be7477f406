import { describe, expect, test } from 'vitest';
import { parseFrame, type Packet } from './packets.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ''), 'hex');
const ethernet = (type: string, rest: string, to = '020000000001'): Buffer => bytes(`${to} 020000000002 ${type} ${rest}`);

const ipv4 = (protocol: string, payload: string, more = '4000'): string => {
  const length = (20 + bytes(payload).length).toString(16).padStart(4, '0');
  return `4500 ${length} 0000 ${more} 40 ${protocol} 0000 c63364c8 c633640b ${payload}`;
};
const ipv6 = (next: string, payload: string): string =>
  `60000000 ${bytes(payload).length.toString(16).padStart(4, '0')} ${next} 40 20010db80001000080000000 00000200 20010db8000100000000000000000011 ${payload}`;
const tcp = (flags: string, payload = ''): string => `9c40 1f90 00000001 00000002 50${flags} ffff 0000 0000 ${payload}`;
const hello = Buffer.from('GET /').toString('hex');

const frames = {
  'a SYN': ethernet('0800', ipv4('06', tcp('02'))),
  'a SYN with options': ethernet('0800', ipv4('06', `9c40 1f90 00000001 00000000 7002 ffff 0000 0000 020405b4 0402 0101`)),
  'payload over IPv6': ethernet('86dd', ipv6('06', tcp('18', hello))),
  'behind a VLAN tag': ethernet('8100', `0005 0800 ${ipv4('06', tcp('10'))}`),
  'behind a hop-by-hop header': ethernet('86dd', ipv6('00', `0600000000000000 ${tcp('02')}`)),
  'UDP': ethernet('0800', ipv4('11', '9c40 0035 000a 0000 abcd')),
  'ARP request': ethernet('0806', '0001 0800 06 04 0001 020000000002 c63364c8 000000000000 c633640b', 'ffffffffffff'),
  'ARP announcement': ethernet('0806', '0001 0800 06 04 0001 020000000002 c63364c8 000000000000 c63364c8', 'ffffffffffff'),
  'ARP reply': ethernet('0806', '0001 0800 06 04 0002 020000000001 c633640b 020000000002 c63364c8'),
  'neighbour solicitation': ethernet('86dd', ipv6('3a', '8700 0000 00000000 20010db8000100000000000000000011'), '3333ff000011'),
  'host unreachable': ethernet('0800', ipv4('01', `0301 0000 00000000 ${ipv4('06', '9c40 1f90 00000001')}`)),
  'fragmentation needed': ethernet('0800', ipv4('01', `0304 0000 0000 0500 ${ipv4('06', '9c40 1f90 00000001')}`)),
  'time exceeded': ethernet('0800', ipv4('01', `0b00 0000 00000000 ${ipv4('06', '9c40 1f90 00000001')}`)),
  'packet too big': ethernet('86dd', ipv6('3a', `0200 0000 00000500 ${ipv6('06', tcp('18', hello))}`)),
  'hop limit exceeded': ethernet('86dd', ipv6('3a', `0300 0000 00000000 ${ipv6('06', tcp('02'))}`)),
  'no route': ethernet('86dd', ipv6('3a', `0100 0000 00000000 ${ipv6('06', tcp('02'))}`)),
};

describe('parseFrame', () => {
  test('TCP: flags, ports, addresses, payload', () => {
    expect(parseFrame(frames['a SYN'])).toMatchObject({ kind: 'tcp', family: 4, from: '198.51.100.200', to: '198.51.100.11', fromPort: 40_000, toPort: 8080, syn: true, ack: false, payloadBytes: 0 });
    expect(parseFrame(frames['payload over IPv6'])).toMatchObject({ family: 6, from: '2001:db8:1:0:8000::200', to: '2001:db8:1::11', ack: true, payloadBytes: 5, payload: Buffer.from('GET /') });
    expect(parseFrame(frames['behind a VLAN tag'])).toMatchObject({ kind: 'tcp', ack: true });
    expect(parseFrame(frames['behind a hop-by-hop header'])).toMatchObject({ kind: 'tcp', family: 6, syn: true });
  });

  test('padding after the IP packet is not payload', () => {
    expect(parseFrame(Buffer.concat([frames['a SYN'], Buffer.alloc(6, 0x55)]))).toMatchObject({ payloadBytes: 0, payload: Buffer.alloc(0) });
  });

  test('UDP, ARP, Neighbour Discovery', () => {
    expect(parseFrame(frames.UDP)).toMatchObject({ kind: 'udp', fromPort: 40_000, toPort: 53, payload: bytes('abcd') });
    expect(parseFrame(frames['ARP request'])).toEqual({ kind: 'neighbour-solicitation', family: 4, address: '198.51.100.11', from: '198.51.100.200', toAll: true });
    expect(parseFrame(frames['ARP announcement'])).toEqual({ kind: 'other' });
    expect(parseFrame(frames['ARP reply'])).toMatchObject({ kind: 'neighbour-answer', address: '198.51.100.11', toAll: false });
    expect(parseFrame(frames['neighbour solicitation'])).toMatchObject({ kind: 'neighbour-solicitation', family: 6, address: '2001:db8:1::11', toAll: true });
  });

  test('an ICMP error names the packet it is about', () => {
    expect(parseFrame(frames['host unreachable'])).toMatchObject({ kind: 'unreachable', reason: 'host unreachable', about: { from: '198.51.100.200', to: '198.51.100.11', protocol: 6, fromPort: 40_000, toPort: 8080 } });
    expect(parseFrame(frames['no route'])).toMatchObject({ kind: 'unreachable', reason: 'no route', about: { family: 6, to: '2001:db8:1::11', toPort: 8080 } });
  });

  test('an ICMP error after which the sender can go on is not `unreachable`', () => {
    const about = { from: '198.51.100.200', to: '198.51.100.11', protocol: 6, fromPort: 40_000, toPort: 8080 };
    expect(parseFrame(frames['fragmentation needed'])).toMatchObject({ kind: 'icmp', reason: 'fragmentation needed, MTU 1280', about });
    expect(parseFrame(frames['time exceeded'])).toMatchObject({ kind: 'icmp', reason: 'time exceeded on the way', about });
    expect(parseFrame(frames['packet too big'])).toMatchObject({ kind: 'icmp', reason: 'packet too big, MTU 1280', about: { family: 6, to: '2001:db8:1::11', toPort: 8080 } });
    expect(parseFrame(frames['hop limit exceeded'])).toMatchObject({ kind: 'icmp', reason: 'time exceeded on the way' });
    expect(parseFrame(ethernet('0800', ipv4('01', '0800 0000 0001 0001')))).toEqual({ kind: 'other' });
  });

  test('only the first fragment has ports', () => {
    expect(parseFrame(ethernet('0800', ipv4('06', tcp('02'), '2001')))).toEqual({ kind: 'other' });
    expect(parseFrame(ethernet('86dd', ipv6('2c', `0600 0009 00000001 ${tcp('02')}`)))).toEqual({ kind: 'other' });
    expect(parseFrame(ethernet('86dd', ipv6('2c', `0600 0001 00000001 ${tcp('02')}`)))).toMatchObject({ kind: 'tcp', syn: true });
  });

  test('a frame that contradicts itself is malformed, with the reason', () => {
    const lying = (at: number, value: number): Buffer => {
      const frame = Buffer.from(frames['a SYN']);
      frame[at] = value;
      return frame;
    };
    expect(parseFrame(lying(14, 0x65))).toEqual({ kind: 'malformed', reason: 'version 6 and a header of 20 bytes are not IPv4' });
    expect(parseFrame(lying(14, 0x41))).toMatchObject({ kind: 'malformed' });
    expect(parseFrame(lying(17, 10))).toEqual({ kind: 'malformed', reason: 'an IPv4 packet of 10 bytes with a header of 20 bytes' });
    expect(parseFrame(lying(46, 0xf0))).toEqual({ kind: 'malformed', reason: 'a TCP header of 60 bytes in a segment of 20 bytes' });
  });

  test('an ICMP error about a packet that has no ports, or that contradicts itself', () => {
    const about = (quoted: string): Packet => parseFrame(ethernet('0800', ipv4('01', `0301 0000 00000000 ${quoted}`)));
    expect(about(ipv4('01', '0800 0000 00000000'))).toEqual({ kind: 'other' });
    expect(about(ipv4('06', '9c40 1f90 00000001', '2001'))).toEqual({ kind: 'other' });
    expect(about(`40${ipv4('06', '9c40 1f90 00000001').slice(2)}`)).toEqual({ kind: 'malformed', reason: 'version 4 and a header of 0 bytes are not IPv4' });
    expect(about(ipv4('06', '9c40'))).toEqual({ kind: 'malformed', reason: '2 bytes are too short for the ports inside an ICMP message' });
  });

  test('ICMP of the other family is not read', () => {
    expect(parseFrame(ethernet('0800', ipv4('3a', '8700 0000 00000000 20010db8000100000000000000000011')))).toEqual({ kind: 'other' });
    expect(parseFrame(ethernet('86dd', ipv6('01', `0301 0000 00000000 ${ipv4('06', '9c40 1f90 00000001')}`)))).toEqual({ kind: 'other' });
  });

  test.each(Object.keys(frames) as (keyof typeof frames)[])('%s, cut at any byte: malformed, of another protocol, or a TCP segment that shows what is missing', (name) => {
    const frame = frames[name];
    for (let length = 0; length < frame.length; length++) {
      const cut = parseFrame(frame.subarray(0, length));
      if (cut.kind === 'tcp') expect(cut.payload.length).toBeLessThan(cut.payloadBytes);
      else expect(['malformed', 'other']).toContain(cut.kind);
    }
    expect(parseFrame(frame.subarray(0, 13))).toEqual({ kind: 'malformed', reason: '13 bytes are too short for an Ethernet header' });
  });
});
