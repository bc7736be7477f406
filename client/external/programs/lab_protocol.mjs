/** The lab's protocol for Node 18 and later: one JSON line in for each request, one JSON line out with its result (docs/clients.md). */
import { createInterface } from 'node:readline';

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** The options of a variant, such as `axios?timeout=1000`: the word `--options={"timeout":1000}` of the command line. */
export const options = JSON.parse(process.argv.find((word) => word.startsWith('--options='))?.slice('--options='.length) ?? '{}');

/** `request(method, url, signal, timeoutMs)` resolves with status and body, or rejects. Requests run at the same time. */
export function serve(request) {
  createInterface({ input: process.stdin })
    .on('line', async (line) => {
      const { id, method, url, timeoutMs } = JSON.parse(line);
      try {
        write({ id, ...(await request(method, url, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs), timeoutMs)) });
      } catch (error) {
        write({ id, error: codeOf(error), causes: causesOf(error) });
      }
    })
    .on('close', () => process.exit(0));
  write({ ready: true });
}

/** Returns the code of the innermost error. If it has no code: its name, or the end of its message if the name is `Error`, as in Deno. */
function codeOf(error) {
  const inner = error.cause ? codeOf(error.cause) : '';
  const named = error.name === 'Error' ? error.message.split(': ').at(-1) : error.name;
  return inner || (typeof error.code === 'string' ? error.code : '') || (error.cause ? '' : named);
}

function causesOf(error) {
  return error === undefined ? [] : [`${error.name}: ${error.message || error.code}`, ...(error.errors ?? []).flatMap(causesOf), ...causesOf(error.cause)];
}
