/** A process with a lab, as a test runner is one. It prints `up`, and then waits for a request that nobody answers. */
import { startLab } from './index.ts';

await using lab = await startLab({ driver: 'netns' });
const client = await lab.client(['node', '--eval', 'http.get(process.argv[1])', '{url}']);
for (const backend of lab.backends) await lab.apply('blackhole', backend);
console.log('up');
await client.get();
