/** The faults that a new connection meets. */
import { acceptQueueFull } from './accept-queue-full.ts';
import { blackhole } from './blackhole.ts';
import { firstSynsLost } from './first-syns-lost.ts';
import { prohibited } from './prohibited.ts';
import { refuse } from './refuse.ts';
import { unreachable } from './unreachable.ts';

export const connectFaults = {
  refuse,
  blackhole,
  unreachable,
  prohibited,
  'first-syns-lost': firstSynsLost,
  'accept-queue-full': acceptQueueFull,
};
