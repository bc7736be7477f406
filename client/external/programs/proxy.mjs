/**
 * A reverse proxy as a client: `node proxy.mjs nginx failover` takes requests by the lab's protocol, and makes each one at a proxy of its own host.
 *
 *   lab ── stdin ──▶ this program ── loopback ──▶ the proxy ── the lab's network ──▶ a backend
 *
 * The proxy starts with the first request, since its configuration names the host of that URL: what it looks up at its start, it looks up then. It stays for all
 * further requests to the same host and port; a URL of another host or port gets a proxy of its own. Each request has a new connection to the proxy, as requests
 * of many users have. The configurations are in proxies/.
 */
import { spawn } from 'node:child_process';
import { getServers, lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from './lab_protocol.mjs';

const [program = '', setUp = ''] = process.argv.slice(2);
const { [setUp]: configure } = await import(`./proxies/${program}.mjs`);
if (!configure) throw new Error(`Expected a set-up of ${program}, got \`${setUp}\`.`);

/** Every address of 127.0.0.0/8 is local. So two of these programs on one host do not meet, and their proxies may have the same port. */
const address = ['127', process.pid >> 16, (process.pid >> 8) & 255, process.pid & 255].join('.');
const firstPort = 8000;
const longestLog = 4_000;

/**
 * Runs the proxy in a process group of its own, and ends the group when stdin ends, which it does however this program ends. SIGKILL, because no proxy is to
 * finish what it has under way. The shell closes its stderr, so that the end of stderr is the end of the proxy.
 */
const lease = 'folder=$1; shift; setsid "$@" </dev/null >&2 & exec 2>&-; read -r end; kill -s KILL -- "-$!"; rm -rf "$folder"';

/**
 * On namespaces every program is root, which a proxy would give up for a user that a lab does not have. So it is nobody from the start (user_namespaces(7)). And
 * /dev/shm is that of the machine, where httpd and Squid would leave files when they are killed: so each proxy has one of its own, which is gone with it.
 */
const asNobody = process.getuid() === 0
  ? ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs proxy /dev/shm && exec "$@"', 'sh', 'unshare', '--user', '--map-user=65534', '--map-group=65534', '--']
  : [];

/** By host and port. */
const proxies = new Map();

serve(async (method, url, signal) => {
  const { host, hostname, port, pathname, search } = new URL(url);
  if (!proxies.has(host)) proxies.set(host, start({ host: hostname, port: Number(port || 80), address, listenPort: firstPort + proxies.size }));
  // A proxy that did not start is started again by the next request, as an init system would.
  const proxy = await proxies.get(host).catch((error) => { proxies.delete(host); throw error; });
  try {
    return await plain({ method, path: pathname + search, headers: { host }, host: address, port: proxy.listenPort, agent: false, ...(signal && { signal }) });
  } catch (error) {
    throw proxy.hasEnded ? didNot('run any more', proxy.log, error) : error;
  }
});

/** The plain client behind the proxy. */
function plain(options) {
  return new Promise((settle, reject) => {
    const outgoing = httpRequest(options);
    outgoing.once('response', (response) => { text(response).then((body) => { settle({ status: response.statusCode, body }); }, reject); });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** Starts a proxy in front of one host and port. Resolves when it listens: without a limit, since a lookup at its start may be what takes long, and the lab has a limit. */
async function start(upstream) {
  // The folder in which a client runs is gone with the lab.
  const folder = mkdtempSync(resolve(`${program}-`));
  const addresses = configure.needsAddresses ? await addressesOf(upstream.host, folder) : [];
  const { argv, files = {} } = configure({ ...upstream, addresses, nameserver: getServers()[0], folder });
  for (const [name, content] of Object.entries(files)) writeFileSync(`${folder}/${name}`, content);
  const child = spawn('sh', ['-c', lease, 'sh', folder, ...asNobody, ...argv], { stdio: ['pipe', 'ignore', 'pipe'], detached: true, env: { ...process.env, HOME: folder, TMPDIR: folder } });
  child.stdin.on('error', () => undefined);
  const proxy = { listenPort: upstream.listenPort, log: '', hasEnded: false };
  child.stderr.setEncoding('utf8').on('data', (piece) => { proxy.log = (proxy.log + piece).slice(-longestLog); });
  once(child.stderr, 'close').then(() => { proxy.hasEnded = true; });
  while (!(await listens(upstream.listenPort)) || !proxy.log.includes(configure.ready ?? '')) {
    if (proxy.hasEnded) {
      child.stdin.end();
      throw didNot('start', proxy.log);
    }
    await sleep(5);
  }
  return proxy;
}

/** What an administrator writes into a configuration that takes addresses only. */
async function addressesOf(host, folder) {
  try {
    return (await lookup(host, { all: true })).map((each) => each.address);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw didNot('start', `its configuration needs the addresses of ${host}`, error);
  }
}

function listens(port) {
  return new Promise((settle) => {
    const socket = connect({ host: address, port });
    socket.once('connect', () => { socket.destroy(); settle(true); }).once('error', () => { settle(false); });
  });
}

/** An error whose chain has the last lines that the proxy wrote. */
function didNot(what, log, cause) {
  const lines = log.trim().split('\n').slice(-3).join('\n');
  return Object.assign(new Error(lines || `${program} wrote nothing`), { name: program, code: `the proxy did not ${what}`, ...(cause && { errors: [cause] }) });
}
