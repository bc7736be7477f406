/** The faults that an established connection meets. */
import { closeIdle } from './close-idle.ts';
import { dataLost } from './data-lost.ts';
import { halfOpen } from './half-open.ts';
import { limitData } from './limit-data.ts';
import { reset } from './reset.ts';
import { slowClose } from './slow-close.ts';

export const establishedFaults = {
  'half-open': halfOpen,
  'data-lost': dataLost,
  reset,
  'close-idle': closeIdle,
  'slow-close': slowClose,
  'limit-data': limitData,
};
