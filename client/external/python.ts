/** Python's clients: the standard library's, and three that are installed by pip or the distribution. */
import { programPath, type ClientHost, type Found, type Profile } from './profile.ts';

/** A version manager's Python comes before the system's on the PATH, and lacks what the distribution has installed. */
const interpreters = ['python3', '/usr/bin/python3'];

function python(library: string, summary: string, install: string): Profile {
  return { summary, install, find: (host) => find(host, library) };
}

async function find(host: ClientHost, library: string): Promise<Found | null> {
  // Two versions matter: the library's, and the interpreter's behind it; what comes with Python has the latter alone.
  const own = library === 'urllib' ? '' : `${library}.__version__, `;
  const script = `import platform, ${library}; print(${own}"Python", platform.python_version())`;
  for (const interpreter of interpreters) {
    const { exitCode, stdout } = await host.run([interpreter, '-c', script]);
    if (exitCode !== 0) continue;
    const version = stdout.trim();
    return { version, program: { asked: 'over stdin', argv: [interpreter, programPath(host, `python_${library}.py`)], saysReady: true } };
  }
  return null;
}

export const pythonUrllib = python('urllib', "Python's urllib.request: no connection is kept", 'apt-get install python3');
export const pythonRequests = python('requests', 'Python requests, one Session', 'apt-get install python3-requests, or pip install requests');
export const pythonHttpx = python('httpx', 'Python HTTPX, one Client', 'apt-get install python3-httpx, or pip install httpx');
export const pythonAiohttp = python('aiohttp', 'Python aiohttp, one ClientSession', 'apt-get install python3-aiohttp, or pip install aiohttp');
