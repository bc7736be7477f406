import { programPath, type Profile } from './profile.ts';

export const php: Profile = {
  summary: "PHP's curl extension with one handle for all requests",
  install: { packages: 'php-cli php-curl' },
  // PHP's curl ignores CURL_CA_BUNDLE.
  tls: { givenBy: 'the setting `curl.cainfo`', give: ({ pem }) => ({ words: ['-d', `curl.cainfo=${pem}`] }), http2: 'by default' },
  find: async (host) => {
    // Without the extension the function curl_version does not exist, and PHP exits with an error.
    const { exitCode, stdout } = await host.run(['php', '-r', 'echo PHP_VERSION, " libcurl ", curl_version()["version"], "\\n", curl_version()["features"] & CURL_VERSION_HTTP2;']);
    if (exitCode !== 0) return null;
    const [version = '', http2] = stdout.split('\n');
    return {
      version,
      program: { asked: 'over stdin', argv: ['php', programPath(host, 'php_curl.php')], saysReady: true },
      ...(http2 === '0' ? { lacks: { http2: 'install a php-curl whose libcurl has HTTP2' } } : {}),
    };
  },
};
