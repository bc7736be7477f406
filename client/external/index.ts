/** Every client that is not ours, under the name that `--client` takes. To add a client, add a file in this folder and a line here. */
import { chromium, chromiumAsyncDns } from './chromium.ts';
import { curl } from './curl.ts';
import { goCgo, goOwn } from './go.ts';
import { java } from './java.ts';
import { nodeProfiles } from './node.ts';
import { musl } from './musl.ts';
import { perlLwp } from './perl.ts';
import { php } from './php.ts';
import type { Profile } from './profile.ts';
import { proxyProfiles } from './proxies.ts';
import { pythonAiohttp, pythonHttpx, pythonRequests, pythonUrllib } from './python.ts';
import { ruby } from './ruby.ts';
import { wget } from './wget.ts';

export const profiles = {
  ...nodeProfiles,
  curl,
  wget,
  'python-urllib': pythonUrllib,
  'python-requests': pythonRequests,
  'python-httpx': pythonHttpx,
  'python-aiohttp': pythonAiohttp,
  go: goOwn,
  'go-cgo': goCgo,
  java,
  musl,
  ruby,
  php,
  'perl-lwp': perlLwp,
  chromium,
  'chromium-async-dns': chromiumAsyncDns,
  ...proxyProfiles,
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
