/** Go's net/http, built twice: with Go's own resolver, and with libc's resolver through cgo (package net, "Name Resolution"). */
import { programPath, sourceHash, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

const sources = ['go/go.mod', 'go/main.go', 'go/resolver_go.go', 'go/resolver_cgo.go'];

function go(resolver: 'go' | 'cgo'): Profile {
  return {
    summary: resolver === 'go' ? "Go's net/http with Go's own resolver, traced with httptrace" : "Go's net/http with libc's resolver (cgo), traced with httptrace",
    install: { packages: resolver === 'go' ? 'golang-go' : 'golang-go gcc libc6-dev' },
    tls: byVariable('SSL_CERT_FILE', 'by default'),
    find: async (host) => {
      const folder = programPath(host, 'go');
      const compiler = await versionFrom(host, ['go', 'version']);
      if (compiler === null || (resolver === 'cgo' && (await versionFrom(host, ['gcc', '--version'])) === null)) return null;
      // The binary is built once for each version of the sources and the compiler.
      const binary = `${host.root}/node_modules/.cache/clients/${resolver === 'go' ? 'go' : 'go-cgo'}-${sourceHash(sources)}-${compiler}`;
      const flags = resolver === 'go' ? 'CGO_ENABLED=0 go build -tags netgo' : 'CGO_ENABLED=1 go build -tags netcgo';
      // Build under a temporary name and then rename, because two runs may build at the same time. The build needs no home folder and no network.
      const script = `test -x "$1" && exit; mkdir -p "\${1%/*}" && cd "$2" && export GOCACHE="\${1%/*}/go-build" GOPATH="\${1%/*}/go-path" GOFLAGS=-mod=mod GOTOOLCHAIN=local && ${flags} -o "$1.$$" . && mv "$1.$$" "$1"`;
      return {
        version: compiler,
        program: { asked: 'over stdin', argv: [binary], saysReady: true, newConnections: ['--new-connections'] },
        prepare: ['sh', '-c', script, 'sh', binary, folder],
      };
    },
  };
}

export const goOwn = go('go');
export const goCgo = go('cgo');
