import fetch from 'node-fetch';
import { serve } from './lab_protocol.mjs';

serve(async (method, url, signal) => {
  const response = await fetch(url, { method, ...(signal && { signal }) });
  return { status: response.status, body: await response.text() };
});
