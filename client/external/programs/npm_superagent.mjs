import superagent from 'superagent';
import { options, serve } from './lab_protocol.mjs';

serve(async (method, url, _signal, timeoutMs) => {
  const request = superagent(method, url);
  if (process.argv.includes('--http2')) request.http2();
  if (options.retry !== undefined) request.retry(options.retry);
  if (timeoutMs ?? options.timeout) request.timeout(timeoutMs ?? options.timeout);
  try {
    return resultOf(await request);
  } catch (error) {
    // superagent throws for a status of 400 or more, but it is still a response.
    if (error.response) return resultOf(error.response);
    throw error;
  }
});

function resultOf({ status, text }) {
  return { status, body: text };
}
