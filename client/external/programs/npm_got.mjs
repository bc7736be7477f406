import got from 'got';
import { options, serve } from './lab_protocol.mjs';

const given = {
  ...(options.retry !== undefined && { retry: { limit: options.retry } }),
  ...(options.timeout !== undefined && { timeout: { request: options.timeout } }),
  ...(process.argv.includes('--http2') && { http2: true }),
};

serve(async (method, url, signal) => {
  try {
    return resultOf(await got(url, { method, ...given, ...(signal && { signal }) }));
  } catch (error) {
    // got throws for a status of 400 or more, but it is still a response.
    if (error.name === 'HTTPError') return resultOf(error.response);
    throw error;
  }
});

function resultOf({ statusCode, body }) {
  return { status: statusCode, body };
}
