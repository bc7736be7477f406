/** reqwest, built with the crates that Debian packages as sources. */
import { programPath, sourceHash, versionFrom, versionIn, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

/** Where Debian's packages put the sources of crates. */
const registry = '/usr/share/cargo/registry';

/** Cargo writes beside the sources, so it builds a copy of them. The build needs no network. */
const buildScript = `test -x "$1" && exit
copy="$1.$$"; mkdir -p "$copy" && cp -r "$2/." "$copy" && cd "$copy" &&
CARGO_HOME="$copy/home" cargo build --release --offline --quiet --config 'source.crates-io.replace-with="debian"' --config 'source.debian.directory="${registry}"' &&
mv target/release/lab-reqwest "$1"
status=$?; rm -r "$copy"; exit $status`;

export const rustReqwest: Profile = {
  summary: 'Rust reqwest on tokio, with one shared Client and its default features',
  install: { packages: 'librust-reqwest-dev cargo' },
  // native-tls is its default, and that is OpenSSL here. HTTP/2 over TLS needs a feature that is not a default (native-tls-alpn).
  tls: byVariable('SSL_CERT_FILE', 'never'),
  find: async (host) => {
    const [cargo, { stdout }] = await Promise.all([versionFrom(host, ['cargo', '--version']), host.run(['sh', '-c', `cd ${registry} && ls -d reqwest-[0-9]*`])]);
    const version = versionIn(stdout);
    if (cargo === null || version === null) return null;
    const binary = `${host.root}/node_modules/.cache/clients/reqwest-${sourceHash(['rust/Cargo.toml', 'rust/src/main.rs'])}-${version}-cargo-${cargo}`;
    return { version: `${version} cargo ${cargo}`, program: { asked: 'over stdin', argv: [binary], saysReady: true }, prepare: ['sh', '-c', buildScript, 'sh', binary, programPath(host, 'rust')] };
  },
};
