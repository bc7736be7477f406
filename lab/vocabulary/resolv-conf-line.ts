/** A line of the client's resolv.conf(5) from the command line. */
import { isIP } from 'node:net';
import { LabError } from './errors.ts';

/** What must follow each keyword of resolv.conf(5), in words, and whether it does. */
const keywords: Record<string, { expected: string; holds: (words: string[]) => boolean }> = {
  nameserver: { expected: 'one IP address', holds: (words) => words.length === 1 && isIP(words[0] ?? '') > 0 },
  search: { expected: 'one or more domain names', holds: (words) => words.length > 0 && words.every(isName) },
  domain: { expected: 'one domain name', holds: (words) => words.length === 1 && words.every(isName) },
  sortlist: { expected: 'one or more IPv4 networks, as 198.51.100.0/255.255.255.0', holds: (words) => words.length > 0 && words.every((word) => word.split('/').every((part) => isIP(part) === 4)) },
  options: { expected: '', holds: (words) => words.length > 0 },
};

/** The options of resolv.conf(5). A resolver ignores any other word without a message, so a misspelt one would change nothing. */
const numberOptions = ['ndots', 'timeout', 'attempts'];
const plainOptions = [
  'debug', 'rotate', 'no-aaaa', 'no-check-names', 'inet6', 'ip6-bytestring', 'ip6-dotint', 'no-ip6-dotint', 'edns0', 'single-request', 'single-request-reopen', 'no-tld-query', 'use-vc', 'no-reload', 'trust-ad',
];

/** A domain name (RFC 1035 section 2.3.4), or the root as a single dot. */
function isName(word: string): boolean {
  return word === '.' || (word.length <= 254 && word.replace(/\.$/, '').split('.').every((label) => /^[\w-]{1,63}$/.test(label)));
}

/**
 * Returns a line as resolv.conf(5) has it, without blanks around it.
 * @throws {LabError} BAD_INPUT that says what was expected.
 */
export function parseResolvConfLine(line: string): string {
  const [keyword = '', ...words] = line.trim().split(/[ \t]+/);
  const bad = (expected: string): LabError => new LabError('BAD_INPUT', `--resolv-conf: expected ${expected}, got \`${line}\`.`);
  const known = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
  if (known === undefined) throw bad(`a line of resolv.conf(5), which begins with ${Object.keys(keywords).join(', ')}`);
  const wrongOption = keyword === 'options' ? words.find((word) => !isOption(word)) : undefined;
  if (wrongOption !== undefined || (keyword === 'options' && words.length === 0)) {
    const options = [...numberOptions.map((option) => `${option}:N`), ...plainOptions].join(', ');
    throw new LabError('BAD_INPUT', `--resolv-conf: ${wrongOption === undefined ? 'expected an option' : `unknown option \`${wrongOption}\``} in \`${line}\`. The options are: ${options}.`);
  }
  if (!known.holds(words)) throw bad(`${known.expected} after \`${keyword}\``);
  return [keyword, ...words].join(' ');
}

function isOption(word: string): boolean {
  const [name = '', value, ...more] = word.split(':');
  return more.length === 0 && (value === undefined ? plainOptions.includes(name) : numberOptions.includes(name) && /^\d{1,9}$/.test(value));
}
