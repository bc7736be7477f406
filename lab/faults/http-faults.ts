/** The faults of a backend's application: its responses are late, broken, missing, or errors. */
import { closeOnRequest } from './close-on-request.ts';
import { dribbledBody } from './dribbled-body.ts';
import { emptyReply } from './empty-reply.ts';
import { errorStatus } from './error-status.ts';
import { failFirst } from './fail-first.ts';
import { malformedReply } from './malformed-reply.ts';
import { slowResponse } from './slow-response.ts';
import { stalledBody } from './stalled-body.ts';
import { truncatedBody } from './truncated-body.ts';

export const httpFaults = {
  'slow-response': slowResponse,
  'error-status': errorStatus,
  'fail-first': failFirst,
  'empty-reply': emptyReply,
  'close-on-request': closeOnRequest,
  'malformed-reply': malformedReply,
  'truncated-body': truncatedBody,
  'stalled-body': stalledBody,
  'dribbled-body': dribbledBody,
};
