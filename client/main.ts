/**
 * Our HTTP client. It makes requests and records what the transport does for each of them.
 *
 *   node client/main.ts [key=value…] [--times N] [--interval MS] [--json] URL     alone
 *   node client/main.ts [key=value…] --control                                    driven by the lab over stdin
 */
import { parseArgs } from 'node:util';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { LabError, messageOf } from '../lab/vocabulary/errors.ts';
import { parseOptions, splitAssignments } from '../lab/vocabulary/options.ts';
import { readValue, text, wholeNumber } from '../lab/vocabulary/values.ts';
import { emit as emitLine, endProcess, ready, serveStdin } from '../lab/vocabulary/control.ts';
import { clientOptions } from './client-options.ts';
import { printTrace } from './print.ts';
import { createRequester } from './requester.ts';

const usage = `Usage: node client/main.ts [key=value…] [--times N] [--interval MS] [--json] URL

Requests URL and prints what the transport did: DNS lookups, connection attempts, reuse of connections.

${Object.entries(clientOptions)
  .map(([key, option]) => `  ${key.padEnd(17)} ${option.doc} [${String(option.default ?? 'not set')}]`)
  .join('\n')}

Exit status: 0 if every request was answered, 1 if a request was not answered, 3 for bad input.`;

async function main(): Promise<number> {
  const { values, positionals } = parseCommandLine();
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const assignments = positionals.filter((word) => !word.includes('://'));
  const [url, ...more] = positionals.filter((word) => word.includes('://'));
  const options = parseOptions(clientOptions, splitAssignments(assignments), 'the client');
  if (values.control) {
    const request = await createRequester(options, emitLine);
    serveStdin({ request: ({ number, method, url: target }) => request(readValue(wholeNumber(1), number, 'number'), readValue(text, method, 'method'), readValue(text, target, 'url')) });
    ready();
    return await new Promise<never>(() => undefined);
  }
  if (url === undefined || more.length > 0) throw new LabError('BAD_INPUT', `Expected one URL, got ${positionals.length - assignments.length}.\n\n${usage}`);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new LabError('BAD_INPUT', `Expected an http:// or https:// URL, got \`${url}\`.`);
  const scheme = url.startsWith('https:') ? 'https' : 'http';
  if (options.http === '2' && scheme === 'http') throw new LabError('BAD_INPUT', `HTTP/2 needs TLS here: expected an https:// URL with http=2, got \`${url}\`.`);
  const request = await createRequester({ ...options, scheme }, values.json ? emitLine : printTrace());
  let failed = 0;
  const times = readValue(wholeNumber(1), values.times, '--times');
  const intervalMs = readValue(wholeNumber(), values.interval, '--interval');
  for (let number = 1; number <= times; number++) {
    if (number > 1) await sleep(intervalMs);
    if (!(await request(number, 'GET', url)).ok) failed++;
  }
  // When the transport has given up a socket, the socket reports its end in the next turn of the event loop.
  await nextTurn();
  return failed > 0 ? 1 : 0;
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        times: { type: 'string', default: '1' },
        interval: { type: 'string', default: '100' },
        json: { type: 'boolean', default: false },
        control: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new LabError('BAD_INPUT', messageOf(error), { cause: error });
  }
}

main().then(endProcess, (error: unknown) => {
  if (!(error instanceof LabError)) throw error;
  console.error(`client: ${error.message}`);
  process.exit(3);
});
