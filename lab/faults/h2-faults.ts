/** The faults of HTTP/2: the lab must speak HTTPS, and offer HTTP/2. */
import { h2CutBody } from './h2-cut-body.ts';
import { h2Garbage } from './h2-garbage.ts';
import { h2Goaway } from './h2-goaway.ts';
import { h2MaxStreams } from './h2-max-streams.ts';
import { h2NoPing } from './h2-no-ping.ts';
import { h2NoSettings } from './h2-no-settings.ts';
import { h2NoWindow } from './h2-no-window.ts';
import { h2RefusedStream } from './h2-refused-stream.ts';
import { h2ResetStream } from './h2-reset-stream.ts';

export const h2Faults = {
  'h2-goaway': h2Goaway,
  'h2-refused-stream': h2RefusedStream,
  'h2-reset-stream': h2ResetStream,
  'h2-cut-body': h2CutBody,
  'h2-garbage': h2Garbage,
  'h2-no-ping': h2NoPing,
  'h2-no-settings': h2NoSettings,
  'h2-no-window': h2NoWindow,
  'h2-max-streams': h2MaxStreams,
};
