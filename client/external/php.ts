import { programPath, type Profile } from './profile.ts';

export const php: Profile = {
  summary: "PHP's curl extension, one handle",
  install: 'apt-get install php-cli php-curl',
  find: async (host) => {
    // Without the extension there is no curl_version, and the exit status is not 0.
    const { exitCode, stdout } = await host.run(['php', '-r', 'echo PHP_VERSION, " libcurl ", curl_version()["version"];']);
    return exitCode === 0 ? { version: stdout.trim(), program: { asked: 'over stdin', argv: ['php', programPath(host, 'php_curl.php')], saysReady: true } } : null;
  },
};
