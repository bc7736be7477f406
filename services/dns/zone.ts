/** The zone of the DNS server, and the policy that shapes its answers. Both can change while the server runs. */
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';
import { Rules } from './rules.ts';
import { applyChain, chainText, defaultChain, type ChainLink, type FilterName } from './filters.ts';
import { isAddressType, type AddressRecord, type AddressType, type ServiceRecord } from './records.ts';

export interface ZoneOptions {
  domain: string;
  /** The same seed gives the same sequence of answers for each record type, in whatever order A and AAAA queries arrive. */
  seed: string;
  records: readonly { name: string; type: AddressType; address: string }[];
  /** The HTTPS records of the zone. If it is not set: none. */
  services?: readonly Omit<ServiceRecord, 'type'>[];
  /** The observer's addresses. Their answers have a random stream of their own, so the observer's queries do not change any client's answers. */
  observers?: readonly string[];
}

/** The zone's answer to one query. */
export type ZoneAnswer = { rcode: 'NOERROR'; records: (AddressRecord | ServiceRecord)[] } | { rcode: 'NXDOMAIN' };

/**
 * The records and the policy. Upper and lower case are equal in names (RFC 4343).
 *
 * The server has the zone `domain` itself. For all other names it answers as a resolver that has asked the root: a name without records does
 * not exist.
 */
export class Zone {
  readonly domain: string;
  ttlS = 60;
  /** Whether AAAA records exist at all. Switching this on is the experiment's "add an AAAA record" (S12). */
  aaaa = false;
  /** Whether answers from the own zone have the flag AA, "authoritative answer" (RFC 1035 section 4.1.1). */
  aa = true;
  /** Whether answers have the flag RA, "recursion available", as those of every resolver have. */
  ra = true;
  /** Whether answers without a record have the SOA, which says how long they may be cached (RFC 2308 section 3). */
  soa = true;
  readonly chains: Record<AddressType, ChainLink[]> = { A: defaultChain(), AAAA: defaultChain() };
  readonly rules: Rules;
  /** The HTTPS records. No filter changes them: a name has one or none. */
  readonly services: readonly ServiceRecord[];
  #records: AddressRecord[] = [];
  #nextPosition = 0;
  readonly #observers: readonly string[];
  readonly #random: Record<AddressType | 'observers', Random>;
  readonly #answers = new Map<string, number>();

  constructor({ domain, seed, records, services = [], observers = [] }: ZoneOptions) {
    this.domain = domain;
    this.rules = new Rules(seed);
    this.services = services.map((service) => ({ ...service, type: 'HTTPS' }));
    this.#observers = observers;
    this.#random = { A: seededRandom(`${seed}:A`), AAAA: seededRandom(`${seed}:AAAA`), observers: seededRandom(`${seed}:observers`) };
    for (const { name, type, address } of records) this.add(name, type, address);
  }

  /**
   * Returns the answer to one query. NOERROR without a record is NODATA: the name exists, the type does not (RFC 2308).
   * `from` is the client's address; `omit` lists addresses that a rule leaves out.
   */
  answer(name: string, type: string, { from = '', omit = [] }: { from?: string; omit?: readonly string[] } = {}): ZoneAnswer {
    const key = name.toLowerCase();
    const sameName = this.#records.filter((record) => record.name === key);
    const service = this.services.filter(({ name: own }) => own === key);
    if (sameName.length + service.length === 0 && !this.#isApexOrParent(key)) return { rcode: 'NXDOMAIN' };
    if (type === 'HTTPS') return { rcode: 'NOERROR', records: service };
    if (!isAddressType(type) || (type === 'AAAA' && !this.aaaa)) return { rcode: 'NOERROR', records: [] };
    const observed = this.#observers.includes(from);
    const counter = `${observed ? 'observers ' : ''}${key} ${type}`;
    const answersBefore = this.#answers.get(counter) ?? 0;
    this.#answers.set(counter, answersBefore + 1);
    const records = sameName.filter((record) => record.type === type && !omit.includes(record.address));
    return { rcode: 'NOERROR', records: applyChain(this.chains[type], records, { random: this.#random[observed ? 'observers' : type], answersBefore }) };
  }

  /** Returns the name of the zone that `name` is in: the server's own zone, or the root (an empty name). */
  apexOf(name: string): string {
    const key = name.toLowerCase();
    return key === this.domain || key.endsWith(`.${this.domain}`) ? this.domain : '';
  }

  /** All records, in the order of the zone. */
  get records(): readonly AddressRecord[] {
    return this.#records;
  }

  /** @throws {Error} if the record exists already. */
  add(name: string, type: AddressType, address: string): void {
    if (this.#find(name, type, address)) throw new Error(`Expected a new record, but ${name} ${type} ${address} exists already.`);
    this.#records.push({ name: name.toLowerCase(), type, address, up: true, position: this.#nextPosition++ });
  }

  /** @throws {Error} if there is no such record. */
  remove(name: string, type: AddressType, address: string): void {
    const record = this.#expect(name, type, address);
    this.#records = this.#records.filter((other) => other !== record);
  }

  /** Gives another address to every record that has the address `from`. The records keep their places, so the seed draws as before. Returns how many there are. */
  readdress(from: string, to: string): number {
    const found = this.#records.filter(({ address }) => address === from);
    for (const record of found) record.address = to;
    return found.length;
  }

  /** Lets the HTTPS records announce these protocols, the preferred one first. */
  announce(alpn: readonly string[]): void {
    for (const service of this.services) service.alpn = alpn;
  }

  /** Marks a record up or down for the `up` filter. @throws {Error} if there is no such record. */
  mark(name: string, type: AddressType, address: string, up: boolean): void {
    this.#expect(name, type, address).up = up;
  }

  /** Switches one filter in the chain of each given type. @throws {Error} if one of the chains does not have the filter. */
  switchFilter(types: readonly AddressType[], filter: FilterName, on: boolean, n?: number): void {
    const links = types.map((type) => {
      const link = this.chains[type].find((candidate) => candidate.filter === filter);
      if (!link) throw new Error(`The ${type} chain (${chainText(this.chains[type])}) has no filter ${filter}.`);
      return link;
    });
    for (const link of links) Object.assign(link, { on, n: n ?? link.n });
  }

  #find(name: string, type: AddressType, address: string): AddressRecord | undefined {
    const key = name.toLowerCase();
    return this.#records.find((record) => record.name === key && record.type === type && record.address === address);
  }

  #expect(name: string, type: AddressType, address: string): AddressRecord {
    const record = this.#find(name, type, address);
    if (!record) {
      const known = this.#records.filter((other) => other.name === name.toLowerCase()).map((other) => `${other.type} ${other.address}`);
      throw new Error(`No record ${name} ${type} ${address}. ${name} has: ${known.join(', ') || 'none'}.`);
    }
    return record;
  }

  /** An apex exists because it has a SOA. An empty non-terminal, a parent of a name with records, exists too (RFC 8020). */
  #isApexOrParent(key: string): boolean {
    return key === this.apexOf(key) || [...this.#records, ...this.services].some((record) => record.name.endsWith(`.${key}`));
  }
}
