/** What `lab read` says about a capture from elsewhere: what the file is, what it cannot tell, and what the client did at each name. */
import type { CapturedFindings } from '../analysis/captured.ts';
import type { ForeignCapture } from '../run/foreign-capture.ts';
import { printable } from '../vocabulary/printable.ts';
import { pc } from '../vocabulary/terminal.ts';
import { http2Text, tlsText } from './https-text.ts';

const labelWidth = 18;
const labelled = (label: string, text: string): string => `  ${pc.dim(label.padEnd(labelWidth))} ${text}`;
const ms = (value: number): string => (value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(1)} ms`);
const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** The first lines: the file, the client, and everything that the capture cannot tell. */
export function captureLines(name: string, capture: ForeignCapture): string[] {
  return [`${pc.bold(printable(name))}  ${fileText(capture)}`, ...captureFacts(capture).map(([label, text]) => labelled(label, text))];
}

/** The file in a few words. */
export function fileText({ file, startedAt, lastMs }: ForeignCapture): string {
  return `${file.format}, ${counted(file.frames, 'frame', 'frames')}${startedAt ? `, ${(lastMs / 1000).toFixed(1)} s from ${startedAt.toISOString()}` : ''}`;
}

/** The client, and everything that the capture cannot tell: labels and texts. */
export function captureFacts(capture: ForeignCapture): [string, string][] {
  const { client, others, doubles } = capture;
  const lines: [string, string | false][] = [
    ['client', client.join(', ')],
    ['other hosts', others.length > 0 && `${others.slice(0, 5).map(({ address, connections, queries }) => `${address} (${connections} connections, ${queries} queries)`).join(', ')}${others.length > 5 ? `, and ${others.length - 5} more` : ''}`],
    ['its connections', spokenText(capture)],
    ['left out', doubles > 0 && `${counted(doubles, 'packet', 'packets')} that came again on another interface`],
    ...limitsOf(capture).map((text): [string, string] => ['not known', text]),
  ];
  return lines.filter(isKnown);
}

const isKnown = (line: [string, string | false]): line is [string, string] => line[1] !== false && line[1] !== '';

const spokenNames = { http: 'HTTP/1.1', tls: 'TLS (its requests cannot be read)', http2: 'HTTP/2', other: 'something else' };

function spokenText({ spoken, inside }: ForeignCapture): string {
  const text = namesText(spoken);
  if (!inside) return text;
  const { connections } = inside;
  return connections === 0 ? text : text.replace(spokenNames.tls, `TLS, of which ${connections} could be decrypted: ${namesText(inside.spoken)}`);
}

function namesText(spoken: ForeignCapture['spoken']): string {
  return Object.entries(spoken).flatMap(([protocol, count]) => (count > 0 ? [`${count} ${spokenNames[protocol as keyof typeof spokenNames]}`] : [])).join(', ');
}

/** What the file cannot tell. */
export function limitsOf({ file, events, eventsLeftOut, spoken, inside, unknownFlows, gaps, cutFrames, unknownLinks }: ForeignCapture): string[] {
  const limits: (string | false)[] = [
    file.dropped === null && `whether the capture lost packets: ${file.format === 'pcap' ? 'a pcap file does not say it' : 'the file does not say it'}`,
    file.dropped !== null && file.dropped > 0 && `${counted(file.dropped, 'packet', 'packets')} that the capture lost`,
    file.endsEarly && 'the end: the file ends in the middle of a frame',
    file.withoutTime > 0 && `${counted(file.withoutTime, 'frame', 'frames')} without a time`,
    cutFrames > 0 && `${counted(cutFrames, 'frame', 'frames')} that the capture has cut too short (tcpdump -s 0 keeps them whole)`,
    inside !== null && inside.connections < spoken.tls && `what ${counted(spoken.tls - inside.connections, 'TLS connection', 'TLS connections')} said: no key fits, or the capture lacks the beginning, or the cipher is none that the lab reads (AES-GCM, ChaCha20-Poly1305)`,
    gaps > 0 && `what was said behind a missing segment, in ${counted(gaps, 'connection', 'connections')}`,
    unknownFlows > 0 && `${counted(unknownFlows, 'connection', 'connections')} that began before the capture and did not show who had opened them`,
    ...[...unknownLinks].map(([type, count]) => `${counted(count, 'frame', 'frames')} of link type ${type}, which the lab cannot read`),
    eventsLeftOut > 0 && `what happened in the last ${eventsLeftOut} events: only the first ${events.length} are kept`,
    !events.some(({ event }) => event === 'wire:dns-query') && 'which names the client asked for: the capture has no DNS query of it',
  ];
  return limits.filter((text): text is string => text !== false);
}

/** The lines of one name. */
export function nameLines(findings: CapturedFindings): string[] {
  const { addresses } = findings;
  const shown = addresses.length === 0 ? [] : [labelled('addresses', addresses.map((address) => perAddress(address, findings)).join(', '))];
  return ['', pc.bold(printable(findings.name)), ...shown, ...findingFacts(findings).map(([label, text]) => labelled(label, text))];
}

/** What the client did: labels and texts. */
export function findingFacts(findings: CapturedFindings): [string, string][] {
  const { attempts, requests, unanswered, retransmissions, answerOrder } = findings;
  const lines: [string, string | false][] = [
    ['DNS queries', countsText(findings.dnsQueries)],
    ['attempts', attempts.length > 0 && countsText(findings.outcomes)],
    ['requests', requests > 0 && `${requests}, of which ${findings.reused} on a connection that had carried one before${unanswered > 0 ? `; ${unanswered} without a response` : ''}`],
    ['statuses', Object.entries(findings.statuses).map(([status, count]) => `${count} × ${status}`).join(', ')],
    ['TLS', tlsText(findings) ?? false],
    ['HTTP/2', http2Text(findings) ?? false],
    ['longest wait', findings.longestWaitMs !== null && `${ms(findings.longestWaitMs)} for the first byte of a response`],
    ['SYNs again after', synIntervals(findings)],
    ['fallback delay', delay(findings.fallbackDelayMs)],
    ['next address after', delay(findings.nextAddressDelayMs)],
    ['resolution delay', delay(findings.resolutionDelayMs)],
    ['attempts kept', findings.attemptsKept !== null && (findings.attemptsKept ? 'an attempt without an answer went on beside the next one' : 'an attempt without an answer ended when the next one began')],
    ['answer order', answerOrder !== null && answerOrder.dials > 1 && `the first attempt went to the first address of the answer in ${answerOrder.firstAddress} of ${answerOrder.dials}`],
    ['retransmissions', retransmissions.syn + retransmissions.data > 0 && `${retransmissions.syn} SYNs, ${retransmissions.data} segments`],
  ];
  return lines.filter(isKnown);
}

/** `198.51.100.11 (1 of 2 attempts)`. */
export function perAddress(address: string, { attempts }: CapturedFindings): string {
  const own = attempts.filter((attempt) => attempt.address === address);
  const connected = own.filter(({ outcome }) => outcome === 'connected').length;
  return own.length === 0 ? address : `${address} (${connected} of ${counted(own.length, 'attempt', 'attempts')})`;
}

/** The longest series of SYNs without an answer: this is the kernel's schedule, or the moment where the client gave up. */
function synIntervals({ attempts }: CapturedFindings): string | false {
  const longest = attempts.reduce<number[]>((most, { synsMs }) => (synsMs.length > most.length ? synsMs : most), []);
  return longest.length > 1 && longest.slice(1).map((at) => ms(at - (longest[0] ?? 0))).join(', ');
}

const delay = (value: number | null): string | false => value !== null && ms(value);
const countsText = (counts: Partial<Record<string, number>>): string => Object.entries(counts).map(([word, count]) => `${count} ${printable(word)}`).join(', ');
