import { programPath, type Profile } from './profile.ts';

export const php: Profile = {
  summary: "PHP's curl extension with one handle for all requests",
  install: { packages: 'php-cli php-curl' },
  find: async (host) => {
    // Without the extension the function curl_version does not exist, and PHP exits with an error.
    const { exitCode, stdout } = await host.run(['php', '-r', 'echo PHP_VERSION, " libcurl ", curl_version()["version"];']);
    return exitCode === 0 ? { version: stdout.trim(), program: { asked: 'over stdin', argv: ['php', programPath(host, 'php_curl.php')], saysReady: true } } : null;
  },
};
