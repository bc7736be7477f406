/**
 * Headless Chromium with the lab's protocol, driven over --remote-debugging-pipe (https://chromedevtools.github.io/devtools-protocol/).
 * Each request is a navigation of its one page, as when a person enters a URL. A fetch() from another page would add CORS and its preflight requests.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from './lab_protocol.mjs';

/** Switches off the browser's own background traffic, so that the wire shows only the requests of the page. */
const quiet = [
  '--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--disable-extensions', '--disable-sync',
  '--disable-domain-reliability', '--disable-client-side-phishing-detection', '--disable-field-trial-config', '--no-pings',
  '--no-first-run', '--dns-prefetch-disable', '--disable-auto-reload', '--disable-breakpad', '--metrics-recording-only',
  // No switch stops the requests to these names. With this rule Chromium treats the names as not found and sends no query.
  '--host-resolver-rules=MAP *.googleapis.com ~NOTFOUND, MAP *.google.com ~NOTFOUND, MAP *.gstatic.com ~NOTFOUND',
];
/** Without `AsyncDns` the browser asks the C library, as most builds of it do on Linux. A word of the caller that switches it on must win. */
const [program = 'chromium', ...words] = process.argv.slice(2);
const features = ['AsyncDns', 'OptimizationHints', 'MediaRouter', 'Translate', 'NetworkTimeServiceQuerying'].filter((feature) => !words.includes(`--enable-features=${feature}`));

/** With the netns driver /run belongs to the lab and disappears with it. */
const profile = mkdtempSync(join(writable('/run') ? '/run' : tmpdir(), 'chromium-'));
const browser = spawn(
  program,
  // The sandbox needs its own namespaces, and root in a user namespace cannot create them.
  ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe', `--user-data-dir=${profile}`, ...quiet, `--disable-features=${features.join()}`, ...words, 'about:blank'],
  { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'], env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile } },
);
browser.on('error', (error) => { console.error(error.message); process.exit(1); });
browser.on('exit', (code, signal) => { console.error(`the browser ended: ${signal ?? code}`); process.exit(1); });
const [, , , commands, events] = browser.stdio;

let last = 0;
const pending = new Map();
const listeners = new Set();
let text = '';
events.setEncoding('utf8').on('data', (chunk) => {
  const messages = (text + chunk).split('\0');
  text = messages.pop();
  for (const message of messages.map((each) => JSON.parse(each))) {
    if (message.id === undefined) for (const listener of listeners) listener(message);
    else if (message.error) pending.get(message.id)?.reject(new Error(message.error.message));
    else pending.get(message.id)?.resolve(message.result);
  }
});

function call(method, params = {}, sessionId = undefined) {
  const id = ++last;
  commands.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
}

const { targetInfos } = await call('Target.getTargets');
const page = targetInfos.find(({ type }) => type === 'page');
const { sessionId } = await call('Target.attachToTarget', { targetId: page.targetId, flatten: true });
const inPage = (method, params) => call(method, params, sessionId);
await inPage('Page.enable');
await inPage('Network.enable');
const { frameTree: { frame: { id: mainFrame } } } = await inPage('Page.getFrameTree');

/** Follows the next document request of the main frame to its end. Resolves with its status, rejects with Chromium's error. */
function navigation(signal) {
  return new Promise((resolve, reject) => {
    let request;
    let status;
    const end = (settle, value) => { listeners.delete(listen); settle(value); };
    const listen = ({ method, params }) => {
      if (method === 'Network.requestWillBeSent' && params.type === 'Document' && params.frameId === mainFrame) request = params.requestId;
      if (!request || params.requestId !== request) return;
      if (method === 'Network.responseReceived') status = params.response.status;
      if (method === 'Network.loadingFinished') end(resolve, { status, request });
      if (method === 'Network.loadingFailed') end(reject, Object.assign(new Error(params.errorText), { code: params.errorText.replace(/^net::/, '') }));
    };
    listeners.add(listen);
    signal?.addEventListener('abort', () => {
      void inPage('Page.stopLoading');
      end(reject, Object.assign(new Error('the time limit of the request'), { name: 'TimeoutError' }));
    });
  });
}

async function request(method, url, signal) {
  const ended = navigation(signal);
  if (method === 'GET') void inPage('Page.navigate', { url });
  else {
    const script = `const form = Object.assign(document.createElement('form'), { action: ${JSON.stringify(url)}, method: ${JSON.stringify(method)} }); document.documentElement.append(form); form.submit()`;
    void inPage('Runtime.evaluate', { expression: script });
  }
  const { status, request: requestId } = await ended;
  const { body, base64Encoded } = await inPage('Network.getResponseBody', { requestId });
  return { status, body: base64Encoded ? Buffer.from(body, 'base64').toString() : body };
}

function writable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

// There is only one page, so the navigations run one after the other.
let before = Promise.resolve();
serve((method, url, signal) => {
  const mine = before.then(() => request(method, url, signal));
  before = mine.catch(() => undefined);
  return mine;
});
