import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { serve } from './lab_protocol.mjs';

serve((method, url, signal) => new Promise((resolve, reject) => {
  const outgoing = httpRequest(url, { method, ...(signal && { signal }) });
  outgoing.once('response', async (response) => {
    try {
      resolve({ status: response.statusCode, body: await text(response) });
    } catch (error) {
      reject(error);
    }
  });
  outgoing.once('error', reject);
  outgoing.end();
}));
