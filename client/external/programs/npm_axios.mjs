import axios from 'axios';
import { options, serve } from './lab_protocol.mjs';

serve(async (method, url, signal) => {
  try {
    return resultOf(await axios({ method, url, ...options, ...(signal && { signal }) }));
  } catch (error) {
    // axios throws for a status of 400 or more, but it is still a response.
    if (error.response) return resultOf(error.response);
    throw error;
  }
});

function resultOf({ status, data }) {
  return { status, body: String(data) };
}
