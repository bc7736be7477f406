import { check, defineScenario } from 'failover-lab';
import { closedTo } from 'failover-lab/scenarios';

export default defineScenario({
  title: 'the server resets an idle connection: does the caller of the next request get an error?',
  teaches: 'A reset on an idle connection costs nothing, as long as the client sees it before it sends the next request.',
  predict: 'Does the next request fail, or does it need a new connection?',
  explains: 'The RST arrives while the client waits for events, so it takes the connection out of its pool.',
  sources: ['RFC 9293 section 3.5.3'],
  run: async ({ topology, client, apply, backendAt, until }) => {
    const backend = backendAt((await client.get()).address);
    await apply('reset', backend);
    await until(closedTo(topology, backend));
    return await client.get();
  },
  checks: ({ findings: { requests }, data }) => [
    check('both requests came to an end', requests.sent === 2, requests.sent),
    check('the second request was answered', data.ok, data.ok ? data.body : data.error),
  ],
});
