/** How a backend breaks HTTP/2 (RFC 9113). A connection in use is one that has served a request before, so a new connection works. */
import { choice, integer } from '../../lab/vocabulary/options.ts';

export const h2BehaviourOptions = {
  goaway: choice(['none', 'two-phases', 'unprocessed', 'processed', 'error'], 'none', 'end a connection in use with GOAWAY when its next request arrives: in order; or at once, without doing the request; or at once, having done it without an answer; or the same with INTERNAL_ERROR'),
  refuseStreams: choice(['none', 'once', 'always'], 'none', 'answer requests with REFUSED_STREAM: the first one of each client address for each URL, or all'),
  resetStreams: choice(['none', 'CANCEL', 'INTERNAL_ERROR', 'ENHANCE_YOUR_CALM', 'HTTP_1_1_REQUIRED'], 'none', 'answer requests with RST_STREAM and this error, after `delayMs`'),
  cutStreams: choice(['none', 'CANCEL', 'INTERNAL_ERROR'], 'none', 'send the headers and half of the body, then RST_STREAM with this error'),
  garbage: choice(['none', 'frame'], 'none', 'answer a request with a frame that breaks the protocol: DATA without a stream'),
  h2Ignores: choice(['nothing', 'ping', 'settings', 'window'], 'nothing', 'never acknowledge PING, or SETTINGS, or never let the client send more than the first 65,535 bytes (WINDOW_UPDATE)'),
  maxStreams: integer(0, 0, 'how many requests a client may have under way on a connection (SETTINGS_MAX_CONCURRENT_STREAMS); 0 sets no limit', 1_000_000),
};
