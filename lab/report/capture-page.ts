/** Pictures of a capture from elsewhere: its page, and the SVG file. */
import { capturedAttempts, capturedFindings, wholeFindings, type CapturedFindings } from '../analysis/captured.ts';
import { htmlText } from '../picture/body.ts';
import { captureBody } from '../picture/capture-body.ts';
import { pictureFile } from '../picture/draw/draw.ts';
import { busiest, hostsOfCapture } from '../picture/hosts-of.ts';
import { pageHtml } from '../picture/html.ts';
import { duration, type PicturedRun } from '../picture/model.ts';
import { scaleOver, sectionOf } from '../picture/picture.ts';
import type { ForeignCapture } from '../run/foreign-capture.ts';
import { captureFacts, fileText, findingFacts, perAddress } from './captured-lines.ts';
import { pageParts } from './page-parts.ts';

/** A capture, and what it is called. */
export interface CaptureToShow {
  /** The name of its file. */
  file: string;
  capture: ForeignCapture;
}

/** With more servers, nobody would find anything in the picture. */
const mostServers = 40;

/** What the pictures of a capture are made from. */
export function picturedCapture({ file, capture: { events, client, file: { names } } }: CaptureToShow): PicturedRun {
  const hosts = busiest(hostsOfCapture(events, client, names), events, mostServers);
  return { name: `${file} · ${client.join(', ')}`, events, findings: { attempts: capturedAttempts(events), byRequest: [] }, hosts, startMs: events[0]?.tMs ?? 0 };
}

/** Returns the page. `command` makes it again. @throws {LabError} MISSING_TOOL where the script of the page could not be built. */
export function capturePage(shown: CaptureToShow, command: string): string {
  const { file, capture } = shown;
  const pictured = picturedCapture(shown);
  const page = {
    file, command,
    about: fileText(capture),
    client: capture.client.join(', '),
    cards: cardsOf(wholeFindings(capture.events)),
    facts: [...captureFacts(capture), ...notDrawn(capture, pictured)],
    names: capturedFindings(capture.events).map((findings) => ({ name: findings.name, facts: [...addresses(findings), ...findingFacts(findings)] })),
    events: capture.events,
  };
  return pageHtml({ title: htmlText(pictured.name), data: { runs: [pictured], shiftsMs: [0] }, parts: pageParts('timeline'), body: (note) => captureBody(page, note) });
}

/** The picture as a file. */
export function capturePicture(shown: CaptureToShow): string {
  const section = sectionOf(picturedCapture(shown));
  return pictureFile({ sections: [section], scale: scaleOver([section], 'warped'), title: shown.file, subtitle: `client ${shown.capture.client.join(', ')} · ${fileText(shown.capture)}` });
}

function addresses(findings: CapturedFindings): [string, string][] {
  return findings.addresses.map((address) => ['address', perAddress(address, findings)]);
}

function notDrawn({ events, client, file: { names } }: ForeignCapture, { hosts }: PicturedRun): [string, string][] {
  const left = hostsOfCapture(events, client, names).servers.length - hosts.servers.length;
  return left === 0 ? [] : [['not drawn', `${left} ${left === 1 ? 'server' : 'servers'} with fewer packets than the ${mostServers} of the picture`]];
}

/** The few numbers that a reader looks for first. */
function cardsOf({ fallbackDelayMs, nextAddressDelayMs, attempts, outcomes, requests, unanswered, retransmissions, longestWaitMs }: CapturedFindings): [string, string][] {
  const again = retransmissions.syn + retransmissions.data;
  const cards: [string, string, boolean][] = [
    [duration(fallbackDelayMs ?? 0), 'until the other family', fallbackDelayMs !== null],
    [duration(nextAddressDelayMs ?? 0), 'until the next address', nextAddressDelayMs !== null],
    [`${outcomes.connected ?? 0} of ${attempts.length}`, 'attempts connected', attempts.length > 0],
    [`${requests - unanswered} of ${requests}`, 'requests answered', requests > 0],
    [duration(longestWaitMs ?? 0), 'the longest wait for a response', longestWaitMs !== null],
    [String(again), again === 1 ? 'segment sent again' : 'segments sent again', again > 0],
  ];
  return cards.flatMap(([value, what, isMeasured]): [string, string][] => (isMeasured ? [[value, what]] : []));
}
