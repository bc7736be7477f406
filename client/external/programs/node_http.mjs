import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { serve } from './lab_protocol.mjs';

serve((method, url, signal) => new Promise((resolve, reject) => {
  const outgoing = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, { method, ...(signal && { signal }) });
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
