import ky from 'ky';
import { options, serve } from './lab_protocol.mjs';

serve(async (method, url, signal) => {
  try {
    const response = await ky(url, { method, ...options, ...(signal && { signal }) });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    // ky throws for a status of 400 or more, but it is still a response. It has read the body already.
    if (error.name === 'HTTPError') return { status: error.response.status, body: String(error.data ?? '') };
    throw error;
  }
});
