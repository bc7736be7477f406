/** Clients in PHP: its curl extension, Guzzle on top of it, and the functions for files. */
import { wholeNumber } from '../../lab/vocabulary/values.ts';
import { programPath, type ClientHost, type Found, type Profile } from './profile.ts';
import type { Tls } from './tls.ts';

/** PHP's curl ignores CURL_CA_BUNDLE. */
const byCurlSetting: Omit<Tls, 'http2'> = { givenBy: 'the setting `curl.cainfo`', give: ({ pem }) => ({ words: ['-d', `curl.cainfo=${pem}`] }) };

/** Runs a script in PHP, which fails if a part of the client is not there. Returns the lines that it prints, or null. */
async function linesOf(host: ClientHost, script: string): Promise<string[] | null> {
  const { exitCode, stdout } = await host.run(['php', '-r', script]);
  return exitCode === 0 ? stdout.split('\n') : null;
}

/** Prints the versions of PHP and libcurl, and whether libcurl has HTTP/2. Without the extension there is no function curl_version. */
const curlScript = 'echo PHP_VERSION, " libcurl ", curl_version()["version"], "\\n", curl_version()["features"] & CURL_VERSION_HTTP2, "\\n";';

function found(host: ClientHost, program: string, version: string, http2: string | undefined): Found {
  return {
    version,
    program: { asked: 'over stdin', argv: ['php', programPath(host, program)], saysReady: true },
    ...(http2 === '0' ? { lacks: { http2: 'install a php-curl whose libcurl has HTTP2' } } : {}),
  };
}

export const phpProfiles: Record<'php' | 'php-guzzle' | 'php-file-get-contents', Profile> = {
  php: {
    summary: "PHP's curl extension with one handle for all requests",
    install: { packages: 'php-cli php-curl' },
    tls: { ...byCurlSetting, http2: 'by default' },
    find: async (host) => {
      const lines = await linesOf(host, curlScript);
      return lines && found(host, 'php_curl.php', lines[0] ?? '', lines[1]);
    },
  },
  'php-guzzle': {
    summary: 'PHP Guzzle with one shared Client, on the curl extension',
    install: { packages: 'php-guzzlehttp-guzzle php-cli php-curl' },
    tls: { ...byCurlSetting, http2: 'by option', http2Words: ['--http2'] },
    timeouts: 'timeout=5',
    variants: { timeout: { kind: wholeNumber(1), doc: 'how long a request may take, in s; without it there is no limit' } },
    find: async (host) => {
      const lines = await linesOf(host, `require "GuzzleHttp/autoload.php"; ${curlScript} echo GuzzleHttp\\ClientInterface::MAJOR_VERSION;`);
      if (lines === null) return null;
      const [php = '', http2, major = ''] = lines;
      // The library knows its major version only. The package has the whole one.
      const { stdout } = await host.run(['dpkg-query', '--show', '--showformat=${Version}', 'php-guzzlehttp-guzzle']);
      return found(host, 'php_guzzle.php', `${/^[\d.]+/.exec(stdout)?.[0] ?? `${major}.x`} PHP ${php}`, http2);
    },
  },
  'php-file-get-contents': {
    summary: "PHP's file_get_contents, which keeps no connection",
    install: { packages: 'php-cli' },
    tls: { givenBy: 'the setting `openssl.cafile`', give: ({ pem }) => ({ words: ['-d', `openssl.cafile=${pem}`] }), http2: 'never' },
    find: async (host) => {
      const lines = await linesOf(host, 'echo PHP_VERSION;');
      return lines && found(host, 'php_file_get_contents.php', lines[0] ?? '', undefined);
    },
  },
};
