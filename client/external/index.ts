/** Every client that is not ours, under the name that `--client` takes. To add a client, add a file in this folder and a line here. */
import { axios } from './axios.ts';
import { bun } from './bun.ts';
import { chromium, chromiumAsyncDns } from './chromium.ts';
import { curl } from './curl.ts';
import { deno } from './deno.ts';
import { erlangHttpc } from './erlang.ts';
import { goCgo, goOwn } from './go.ts';
import { got } from './got.ts';
import { javaProfiles } from './java.ts';
import { ky } from './ky.ts';
import { libsoup } from './libsoup.ts';
import { nodeProfiles } from './node.ts';
import { musl } from './musl.ts';
import { npmNodeFetch } from './npm-node-fetch.ts';
import { perlHttpTiny } from './perl-http-tiny.ts';
import { perlLwp } from './perl-lwp.ts';
import { phpProfiles } from './php.ts';
import type { Profile } from './profile.ts';
import { proxyProfiles } from './proxies.ts';
import { pythonProfiles } from './python.ts';
import { rubyProfiles } from './ruby.ts';
import { rustReqwest } from './rust.ts';
import { superagent } from './superagent.ts';
import { undici, undiciDns, undiciRetry } from './undici.ts';
import { wget } from './wget.ts';

export const profiles = {
  ...nodeProfiles,
  undici,
  'undici-retry': undiciRetry,
  'undici-dns': undiciDns,
  axios,
  got,
  ky,
  superagent,
  'npm-node-fetch': npmNodeFetch,
  bun,
  deno,
  curl,
  wget,
  ...pythonProfiles,
  go: goOwn,
  'go-cgo': goCgo,
  ...javaProfiles,
  musl,
  libsoup,
  ...rubyProfiles,
  ...phpProfiles,
  'perl-lwp': perlLwp,
  'perl-http-tiny': perlHttpTiny,
  'rust-reqwest': rustReqwest,
  'erlang-httpc': erlangHttpc,
  chromium,
  'chromium-async-dns': chromiumAsyncDns,
  ...proxyProfiles,
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;

/** What comes from npm. Several clients may use one package. */
export const npmInstallations = [...new Map(Object.values<Profile>(profiles).flatMap(({ install }) => ('npm' in install ? [[install.folder, install] as const] : []))).values()];
