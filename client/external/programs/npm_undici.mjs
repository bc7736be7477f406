import { Agent, interceptors, request, setGlobalDispatcher } from 'undici';
import { options, serve } from './lab_protocol.mjs';

const { maxRetries, ...agentOptions } = options;
const agent = new Agent(agentOptions);
if (process.argv.includes('--retry')) setGlobalDispatcher(agent.compose(interceptors.retry({ maxRetries })));
else if (process.argv.includes('--dns')) setGlobalDispatcher(agent.compose(interceptors.dns()));
else if (Object.keys(agentOptions).length > 0) setGlobalDispatcher(agent);

serve(async (method, url, signal) => {
  const { statusCode, body } = await request(url, { method, signal });
  return { status: statusCode, body: await body.text() };
});
