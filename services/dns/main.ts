/**
 * The DNS server of the lab: authoritative for its own zone, and a resolver for all other names.
 *
 *   node services/dns/main.ts '{"listen":["198.51.100.53"],"port":53,"domain":"lab.test","seed":"1","records":[…]}'
 */
import { emit, ready } from '../../lab/vocabulary/control.ts';
import { serveControl } from '../serve-control.ts';
import { encodeResponse, parseQuery, resolve, type Query } from './answer.ts';
import { listen, type Listener, type Peer, type TcpMode } from './listen.ts';
import { policyCommands } from './policy.ts';
import { serviceText } from './records.ts';
import { Turn } from './turn.ts';
import { dnsUsage } from './usage.ts';
import { Zone, type ZoneOptions } from './zone.ts';

/** The server's options, which the lab passes as one JSON argument. */
export interface DnsServerOptions extends ZoneOptions {
  listen: string[];
  port: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as DnsServerOptions;
const zone = new Zone(options);
const turn = new Turn(process.stdout);
let malformed = 0;

/** No message from a client may end the server. A message that cannot be parsed is counted and reported as an event. */
function handle(bytes: Buffer, peer: Peer, send: (bytes: Buffer) => void): void {
  turn.begin();
  const reply = (encoded: Buffer): void => { turn.send(() => { send(encoded); }); };
  let query: Query;
  try {
    query = parseQuery(bytes);
  } catch (error) {
    emit('dns:malformed', { from: peer.address, transport: peer.transport, count: ++malformed, reason: (error as Error).message });
    const isQuery = bytes.length >= 12 && (bytes.readUInt8(2) & 0x80) === 0;
    if (isQuery) reply(formErr(bytes));
    return;
  }
  const about = { id: query.id, name: query.name, type: query.type };
  const from = { transport: peer.transport, from: peer.address, fromPort: peer.port };
  emit('dns:query', { ...about, ...from });

  const { effect, ids } = zone.rules.effectOn({ name: query.name, type: query.type, from: peer.address });
  const rules = ids.length > 0 ? { rules: ids.join(', ') } : {};
  if (effect.drop) {
    emit('dns:dropped', { ...about, from: peer.address, ...rules });
    return;
  }
  const response = resolve(query, zone, peer.address, effect);
  const answer = (): void => {
    turn.begin();
    const { bytes: encoded, truncated, ...content } = encodeResponse(query, response, zone, peer.transport);
    emit('dns:answer', { ...about, ...from, rcode: response.rcode, ...content, truncated, ...rules });
    for (let copy = 0; copy < effect.copies; copy++) reply(encoded);
  };
  if (effect.delayMs > 0) setTimeout(answer, effect.delayMs);
  else answer();
}

/** Returns only a header with FORMERR, which RFC 1035 section 4.1.1 defines for a query that the server cannot interpret. */
function formErr(bytes: Buffer): Buffer {
  const header = Buffer.alloc(12);
  bytes.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8001, 2);
  return header;
}

async function serve(): Promise<void> {
  const listeners: Listener[] = [];
  try {
    listeners.push(...(await Promise.all(options.listen.map((address) => listen(address, options.port, handle)))));
  } catch (error) {
    console.error(`dns: cannot listen on ${options.listen.join(', ')} port ${options.port}: ${(error as Error).message}`);
    process.exit(1);
  }
  let tcp: TcpMode = 'answer';
  const commands = policyCommands(zone, async (mode) => {
    await Promise.all(listeners.map((listener) => listener.setTcp(mode)));
    tcp = mode;
  });
  await serveControl(commands, {
    now: () => ({ ...commands.policy(), tcp, records: [...zone.records.map(({ name, type, address, up }) => `${name} ${type} ${address}${up ? '' : ' down'}`), ...zone.services.map((service) => `${service.name} HTTPS ${serviceText(service)}`)] }),
    usage: dnsUsage,
  });
  ready();
}

void serve();
