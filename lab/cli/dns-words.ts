/** The words after `lab dns`. */
import { LabError } from '../vocabulary/errors.ts';
import { didYouMean } from '../vocabulary/nearest-name.ts';

export const dnsUsage = `  lab dns                                       show the policy
  lab dns aaaa on|off                           switch all AAAA records on or off
  lab dns up|shuffle|rotate|sort on|off [TYPE]  switch a filter, for both types or one (A, AAAA)
  lab dns selectFirst N|off [TYPE]              answer with the first N records only
  lab dns chain FILTER…                         replace the chain, in this order: chain 'selectFirst 2' shuffle
  lab dns ttl SECONDS                           set the TTL of all records
  lab dns aa on|off                             the flag AA (authoritative answer) of answers from lab.test
  lab dns ra on|off                             the flag RA (recursion available) of all answers
  lab dns soa on|off                            the SOA in answers without a record
  lab dns announce PROTOCOL…                    the protocols in the HTTPS records: announce h3 h2 http/1.1
  lab dns delay TYPE MS                         answer late; TYPE is A, AAAA or HTTPS here
  lab dns drop TYPE on|off                      do not answer
  lab dns rcode TYPE RCODE|off                  answer with SERVFAIL, NXDOMAIN, REFUSED, …
  lab dns truncate TYPE N|off                   answer over UDP with the flag TC and N records; over TCP the answer is whole
  lab dns record add|remove|up|down NAME TYPE ADDRESS`;

const switches = [...dnsUsage.matchAll(/^ {2}lab dns ([\w|]+)/gm)].flatMap(([, names = '']) => names.split('|'));

/** The line that names the switch that was meant, if the word is none. */
function meant(word: string): string[] {
  const hint = switches.includes(word) ? '' : didYouMean(word, switches).trim();
  return hint === '' ? [] : [hint];
}

/**
 * Reads the words after `lab dns` as a command of the DNS server.
 * @throws {LabError} BAD_INPUT with the usage, where a word is missing, unknown or left over.
 */
export function parseDnsWords(words: readonly string[]): { command: string; args: Record<string, unknown> } {
  const wrong = (): LabError => new LabError('BAD_INPUT', [`Not a DNS switch: \`${words.join(' ')}\`. These exist:`, dnsUsage, ...meant(words[0] ?? '')].join('\n'));
  const left = [...words];
  const next = (): string => {
    const word = left.shift();
    if (word === undefined) throw wrong();
    return word;
  };
  /** Returns the command if every word was used. The DNS server checks the values. */
  const whole = (command: string, args: Record<string, unknown>): { command: string; args: Record<string, unknown> } => {
    if (left.length > 0) throw wrong();
    return { command, args };
  };
  const what = left.shift();
  switch (what) {
    case undefined:
      return whole('policy', {});
    case 'aaaa':
    case 'aa':
    case 'ra':
    case 'soa':
      return whole(what, { on: next() });
    case 'up':
    case 'shuffle':
    case 'rotate':
    case 'sort':
      return whole('filter', { filter: what, on: next(), type: left.shift() });
    case 'selectFirst': {
      const word = next();
      return whole('filter', { filter: what, ...(word === 'off' ? { on: false } : { on: true, n: word }), type: left.shift() });
    }
    case 'chain':
      return whole('chain', { links: [next(), ...left.splice(0)] });
    case 'ttl':
      return whole('ttl', { seconds: next() });
    case 'announce':
      return whole('announce', { alpn: [next(), ...left.splice(0)] });
    case 'delay':
      return whole('impair', { type: next(), delayMs: next() });
    case 'drop':
      return whole('impair', { type: next(), drop: next() });
    case 'rcode': {
      const [type, rcode] = [next(), next()];
      return whole('impair', { type, rcode: rcode === 'off' ? null : rcode });
    }
    case 'truncate': {
      const [type, records] = [next(), next()];
      return whole('impair', { type, truncate: records === 'off' ? null : records });
    }
    case 'record':
      return whole('record', { action: next(), name: next(), type: next(), address: next() });
    default:
      throw wrong();
  }
}
