/** Shared by the faults of HTTP/2: the observer speaks HTTP/2 to the backend, and a fault judges the frames that came back. */
import { http2ErrorName, lastStreamText } from '../vocabulary/http2-frame.ts';
import type { Http2Exchange } from '../network/probe.ts';
import { observeEach, type FaultTarget, type Observation } from './fault.ts';

type Step = 'get' | 'ping' | 'upload';
type Frame = Http2Exchange['frames'][number];

/** A healthy backend answers in some milliseconds. The limit is for a busy machine; it costs no time when an answer comes. */
const answerLimitMs = 2_000;

/** In each family, the observer makes `steps` on a new connection of HTTP/2. `isEffect` judges what came back. A fault that leaves answers out gives a shorter time. */
export function observeHttp2(target: FaultTarget, steps: readonly Step[], isEffect: (seen: Http2Exchange) => boolean, timeoutMs = answerLimitMs): Promise<Observation> {
  return observeEach([4, 6], async (family) => {
    const seen = await target.probe.http2(target.name, family, [...steps], timeoutMs);
    return { seen: isEffect(seen), observed: exchangeText(seen, steps) };
  });
}

/** The frames of one type. */
export function framesOf({ frames }: Http2Exchange, type: Frame['type']): Frame[] {
  return frames.filter((frame) => frame.type === type);
}

/** Whether a stream was answered to its end. */
export function isAnswered({ frames }: Http2Exchange, stream: number): boolean {
  return frames.some((frame) => frame.stream === stream && frame.type === 'data' && (frame.flags & 1) !== 0);
}

/** The stream of the first request, of the second one, and so on (RFC 9113 section 5.1.1). */
export function streamOf(request: number): number {
  return 2 * request - 1;
}

/** `get answered, get not: GOAWAY NO_ERROR last 1, FIN`. */
function exchangeText({ frames, answered, end }: Http2Exchange, steps: readonly Step[]): string {
  const told = frames.flatMap(({ type, error, lastStream, stream, maxStreams }): string[] => {
    if (type === 'goaway') return [`GOAWAY ${http2ErrorName(error ?? 0)} last ${lastStreamText(lastStream ?? 0)}`];
    if (type === 'rstStream') return [`RST_STREAM ${http2ErrorName(error ?? 0)} on ${stream}`];
    return maxStreams === undefined || maxStreams === 0xffffffff ? [] : [`at most ${maxStreams} streams`];
  });
  const isReset = (index: number): boolean => frames.some(({ type, stream }) => type === 'rstStream' && stream === streamOf(steps.slice(0, index + 1).filter((step) => step !== 'ping').length));
  const made = steps.map((step, index) => `${step} ${answered[index] === undefined ? 'not made' : !answered[index] ? 'not answered' : step !== 'ping' && isReset(index) ? 'reset' : 'answered'}`);
  return `${[...made, ...told].join(', ')}, ${end}`;
}
