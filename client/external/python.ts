/** Clients in Python: urllib of the standard library, and three libraries that pip or the distribution installs. */
import type { Installation } from '../../lab/vocabulary/installation.ts';
import { programPath, type ClientHost, type Found, type Profile } from './profile.ts';
import { byVariable, type Tls } from './tls.ts';

/** The Python of a version manager comes first on the PATH but does not have the distribution's packages, so the system's Python is tried too. */
const interpreters = ['python3', '/usr/bin/python3'];

function python(library: string, summary: string, install: Installation, tls: Tls = byVariable('SSL_CERT_FILE', 'never')): Profile {
  return { summary, install, tls, find: (host) => find(host, library) };
}

async function find(host: ClientHost, library: string): Promise<Found | null> {
  // The version text names the library and the interpreter. urllib comes with Python and has no version of its own.
  const own = library === 'urllib' ? '' : `${library}.__version__, `;
  const script = `import platform, ${library}; print(${own}"Python", platform.python_version())`;
  for (const interpreter of interpreters) {
    const { exitCode, stdout } = await host.run([interpreter, '-c', script]);
    if (exitCode !== 0) continue;
    const version = stdout.trim();
    const found: Found = { version, program: { asked: 'over stdin', argv: [interpreter, programPath(host, `python_${library}.py`)], saysReady: true } };
    // HTTPX speaks HTTP/2 only with the package h2.
    if (library !== 'httpx' || (await host.run([interpreter, '-c', 'import h2'])).exitCode === 0) return found;
    return { ...found, lacks: { http2: 'apt-get install python3-h2, or pip install h2' } };
  }
  return null;
}

export const pythonUrllib = python('urllib', "Python's urllib.request, which keeps no connection", { packages: 'python3' });
export const pythonRequests = python('requests', 'Python requests with one shared Session', { packages: 'python3-requests', or: 'pip install requests' }, byVariable('REQUESTS_CA_BUNDLE', 'never'));
export const pythonHttpx = python('httpx', 'Python HTTPX with one shared Client', { packages: 'python3-httpx python3-h2', or: 'pip install httpx[http2]' }, { ...byVariable('SSL_CERT_FILE', 'by option'), http2Words: ['--http2'] });
export const pythonAiohttp = python('aiohttp', 'Python aiohttp with one shared ClientSession', { packages: 'python3-aiohttp', or: 'pip install aiohttp' });
