/** Clients in Python: urllib of the standard library, and libraries that pip or the distribution installs. */
import type { Installation } from '../../lab/vocabulary/installation.ts';
import { wholeNumber } from '../../lab/vocabulary/values.ts';
import { programPath, type ClientHost, type Found, type Profile, type VariantTable } from './profile.ts';
import { byVariable, type Tls } from './tls.ts';

/** The Python of a version manager comes first on the PATH but does not have the distribution's packages, so the system's Python is tried too. */
const interpreters = ['python3', '/usr/bin/python3'];

/** What the profiles of this file share, and the parts in which they differ. */
interface Library {
  summary: string;
  install: Installation;
  tls?: Tls;
  variants?: VariantTable;
  timeouts?: string;
  /** The modules without which the client is not there. The first one is the library. */
  modules: readonly [string, ...string[]];
  /** The words behind the name of the program. The program is named after the library. */
  words?: readonly string[];
  /** A Python expression: the version of the library, or an empty text. Not set if the library has `__version__`. */
  version?: string;
  /** A Python statement, and what the client lacks where the statement raises an exception. */
  check?: { statement: string; otherwise: NonNullable<Found['lacks']> };
}

function python({ summary, install, tls = byVariable('SSL_CERT_FILE', 'never'), variants = {}, timeouts, ...library }: Library): Profile {
  return { summary, install, tls, variants, ...(timeouts !== undefined && { timeouts }), find: (host) => find(host, library) };
}

async function find(host: ClientHost, { modules, words = [], version = `${modules[0]}.__version__`, check }: Omit<Library, keyof Profile>): Promise<Found | null> {
  for (const interpreter of interpreters) {
    const run = (script: string): ReturnType<ClientHost['run']> => host.run([interpreter, '-c', `import platform, ${modules.join(', ')}; ${script}`]);
    // The version text names the library and the interpreter.
    const { exitCode, stdout } = await run(`print(${version}, "Python", platform.python_version())`);
    if (exitCode !== 0) continue;
    const argv = [interpreter, programPath(host, `python_${modules[0]}.py`), ...words];
    const found: Found = { version: stdout.trim(), program: { asked: 'over stdin', argv, saysReady: true } };
    return check === undefined || (await run(check.statement)).exitCode === 0 ? found : { ...found, lacks: check.otherwise };
  }
  return null;
}

const urllib3 = {
  install: { packages: 'python3-urllib3', or: 'pip install urllib3' },
  modules: ['urllib3'],
} satisfies Partial<Library>;

const httpx = {
  install: { packages: 'python3-httpx python3-h2', or: 'pip install httpx[http2]' },
  modules: ['httpx'],
  tls: { ...byVariable('SSL_CERT_FILE', 'by option'), http2Words: ['--http2'] },
  // HTTPX speaks HTTP/2 only with the package h2.
  check: { statement: 'import h2', otherwise: { http2: 'apt-get install python3-h2, or pip install h2' } },
} satisfies Partial<Library>;

export const pythonProfiles = {
  'python-urllib': python({
    summary: "Python's urllib.request, which keeps no connection",
    install: { packages: 'python3' },
    modules: ['urllib'],
    // It comes with Python and has no version of its own.
    version: '""',
  }),
  'python-urllib3': python({
    ...urllib3,
    summary: 'Python urllib3 with one shared PoolManager, and its default Retry(3)',
    timeouts: 'timeout=5',
    variants: {
      timeout: { kind: wholeNumber(1), doc: 'how long a try may take to connect, and to wait for bytes, in s; without it there is no limit' },
      retries: { kind: wholeNumber(), doc: 'how often it tries again; without it 3 times' },
    },
  }),
  'python-urllib3-no-retries': python({ ...urllib3, summary: 'Python urllib3 with one shared PoolManager, and retries=False', words: ['--no-retries'] }),
  'python-requests': python({
    summary: 'Python requests with one shared Session',
    install: { packages: 'python3-requests', or: 'pip install requests' },
    modules: ['requests'],
    tls: byVariable('REQUESTS_CA_BUNDLE', 'never'),
    timeouts: 'timeout=5',
    variants: {
      timeout: { kind: wholeNumber(1), doc: 'how long a try may take to connect, and to wait for bytes, in s; without it there is no limit' },
      max_retries: { kind: wholeNumber(), doc: 'the option of the HTTPAdapter: how often it tries again; without it never' },
    },
  }),
  'python-httpx': python({
    ...httpx,
    summary: 'Python HTTPX with one shared Client',
    variants: { timeout: { kind: wholeNumber(1), doc: 'how long it may take to connect, to send, and to wait for bytes, in s each; without it 5 s' } },
  }),
  'python-httpx-async': python({ ...httpx, summary: 'Python HTTPX with one shared AsyncClient, on asyncio', words: ['--async'] }),
  'python-httpx-http2': python({
    summary: 'Python HTTPX with one shared Client, and http2=True',
    install: httpx.install,
    modules: ['httpx', 'h2'],
    tls: byVariable('SSL_CERT_FILE', 'by default'),
    words: ['--http2'],
  }),
  'python-aiohttp': python({
    summary: 'Python aiohttp with one shared ClientSession',
    install: { packages: 'python3-aiohttp', or: 'pip install aiohttp' },
    modules: ['aiohttp'],
    timeouts: 'total=5',
    variants: { total: { kind: wholeNumber(1), doc: 'the option of the ClientTimeout: how long a request may take, in s; without it 300 s' } },
  }),
  'python-pycurl': python({
    summary: 'PycURL with one Curl object for all requests',
    install: { packages: 'python3-pycurl', or: 'pip install pycurl' },
    modules: ['pycurl'],
    version: 'pycurl.version.split()[0].removeprefix("PycURL/"), "libcurl", pycurl.version_info()[1]',
    // libcurl reads no variable. The program passes this one on.
    tls: { ...byVariable('CURL_CA_BUNDLE', 'by default'), givenBy: 'the option `CAINFO`' },
    check: { statement: 'assert pycurl.version_info()[4] & pycurl.VERSION_HTTP2', otherwise: { http2: 'install a PycURL whose libcurl has HTTP2' } },
  }),
} satisfies Record<string, Profile>;
