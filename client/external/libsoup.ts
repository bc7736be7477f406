/** libsoup, the HTTP library of GNOME. It connects with GLib's GSocketClient, and looks names up with GLib's GResolver. */
import { programPath, sourceHash, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

export const libsoup: Profile = {
  summary: 'libsoup 3 in C, with one shared SoupSession',
  install: { packages: 'libsoup-3.0-dev gcc libc6-dev pkg-config' },
  // libsoup reads no variable. The program makes a GTlsFileDatabase of this one.
  tls: { ...byVariable('SSL_CERT_FILE', 'by default'), givenBy: 'the property `tls-database` of the SoupSession' },
  find: async (host) => {
    const [version, compiler] = await Promise.all([versionFrom(host, ['pkg-config', '--modversion', 'libsoup-3.0']), versionFrom(host, ['gcc', '--version'])]);
    if (version === null || compiler === null) return null;
    const binary = `${host.root}/node_modules/.cache/clients/libsoup-${sourceHash(['libsoup.c', 'lab_protocol.h'])}-${version}`;
    // Built under a temporary name and then renamed, because two runs may build at the same time.
    const script = 'test -x "$1" && exit; mkdir -p "${1%/*}" && gcc -O2 -Wall -Werror -o "$1.$$" "$2" $(pkg-config --cflags --libs libsoup-3.0) && mv "$1.$$" "$1"';
    return { version, program: { asked: 'over stdin', argv: [binary], saysReady: true }, prepare: ['sh', '-c', script, 'sh', binary, programPath(host, 'libsoup.c')] };
  },
};
