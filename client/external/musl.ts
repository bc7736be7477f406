/** A small client in C on musl, the libc of Alpine Linux: its getaddrinfo sorts in another way than that of glibc. */
import { programPath, sourceHash, versionFrom, type Profile } from './profile.ts';

export const musl: Profile = {
  summary: 'a statically linked client in C with the resolver of musl, the libc of Alpine Linux; it keeps one connection',
  install: { packages: 'musl-tools' },
  tls: null,
  find: async (host) => {
    const compiler = await versionFrom(host, ['musl-gcc', '-dumpfullversion']);
    if (compiler === null) return null;
    // musl's own loader tells its version, on stderr and with exit status 1.
    const { stderr } = await host.run(['sh', '-c', 'exec /lib/ld-musl-$(uname -m).so.1']);
    const version = /Version (\d+(?:\.\d+)+)/.exec(stderr)?.[1] ?? `gcc ${compiler}`;
    const binary = `${host.root}/node_modules/.cache/clients/musl-${sourceHash(['musl.c', 'lab_protocol.h'])}-${version.replace(' ', '-')}`;
    return {
      version,
      program: { asked: 'over stdin', argv: [binary], saysReady: true, newConnections: ['--new-connections'] },
      // Built under a temporary name and then renamed, because two runs may build at the same time.
      prepare: ['sh', '-c', 'test -x "$1" && exit; mkdir -p "${1%/*}" && musl-gcc -static -O2 -Wall -Werror -o "$1.$$" "$2" && mv "$1.$$" "$1"', 'sh', binary, programPath(host, 'musl.c')],
    };
  },
};
