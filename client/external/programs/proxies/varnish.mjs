/**
 * Varnish as a reverse proxy. A backend of its own language has one address of each family: Varnish refuses a name with more of them ("resolves to too many addresses"),
 * and looks a name up when it loads its configuration, never again. (vmod_dynamic looks names up again; it is not a part of Varnish, and Debian does not have it.) So the
 * addresses here are those that the name has at the start. Varnish would answer from its cache for two minutes, so `pass` sends each request to a backend, as
 * https://varnish-cache.org/docs/7.1/users-guide/vcl-built-in-subs.html#pass says.
 */

/** https://varnish-cache.org/docs/7.1/users-guide/vcl-backends.html: one backend, and nothing set. */
export function byDefault(upstream) {
  return varnish(upstream, backend('default', upstream.addresses[0], upstream.port), '');
}
byDefault.needsAddresses = true;

/**
 * https://varnish-cache.org/docs/7.1/users-guide/vcl-backends.html#directors and #health-checks: backends in turn, and a probe with the numbers of the example. The
 * query of its URL tells probes from requests in a run.
 */
export function failover(upstream) {
  const probe = '.probe = { .url = "/?probe"; .timeout = 1s; .interval = 5s; .window = 5; .threshold = 3; }';
  const backends = upstream.addresses.map((each, index) => backend(`server${index + 1}`, each, upstream.port, probe));
  const director = `sub vcl_init { new bar = directors.round_robin(); ${backends.map((_, index) => `bar.add_backend(server${index + 1});`).join(' ')} }`;
  return varnish(upstream, `import directors;\n${backends.join('\n')}\n${director}`, 'set req.backend_hint = bar.backend(); ');
}
failover.needsAddresses = true;

function backend(name, host, port, more = '') {
  return `backend ${name} { .host = "${host}"; .port = "${port}"; ${more} }`;
}

function varnish({ address, listenPort, folder }, backends, inRecv) {
  return {
    files: { 'default.vcl': `vcl 4.1;\n${backends}\nsub vcl_recv { ${inRecv}return (pass); }\n` },
    // -F: in the foreground. -j none: it is nobody already.
    argv: ['varnishd', '-F', '-j', 'none', '-n', `${folder}/varnish`, '-a', `${address}:${listenPort}`, '-f', `${folder}/default.vcl`],
  };
}
