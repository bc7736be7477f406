/** Every client that is not ours, by the name that `--client` takes. A new one is a file beside this one, and a line here. */
import { curl } from './curl.ts';
import { goCgo, goOwn } from './go.ts';
import { nodeProfiles } from './node.ts';
import type { Profile } from './profile.ts';
import { pythonAiohttp, pythonHttpx, pythonRequests, pythonUrllib } from './python.ts';
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
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
