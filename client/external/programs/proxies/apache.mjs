/** Apache httpd as a reverse proxy. */

/**
 * https://httpd.apache.org/docs/2.4/howto/reverse_proxy.html#simple: `ProxyPass` and `ProxyPassReverse`, and nothing set. httpd looks the name up when it connects for
 * the first time, keeps the addresses for the life of its process (`addressttl` is not set), tries one after the other, and keeps its connections.
 */
export function byDefault(upstream) {
  const url = `http://${upstream.host}:${upstream.port}/`;
  return apache(upstream, [], `ProxyPass "/" "${url}"\nProxyPassReverse "/" "${url}"`);
}

/**
 * https://httpd.apache.org/docs/2.4/howto/reverse_proxy.html#cluster: a balancer whose members are addresses. A member that fails is left for 60 s (`retry`), and
 * another one is tried for the same request (https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#workers). The members are those that the name has at the start.
 */
export function failover(upstream) {
  const members = upstream.addresses.map((each) => `  BalancerMember "http://${each.includes(':') ? `[${each}]` : each}:${upstream.port}"`);
  const balancer = `<Proxy "balancer://myset">\n${members.join('\n')}\n</Proxy>\nProxyPass "/" "balancer://myset/"\nProxyPassReverse "/" "balancer://myset/"`;
  return apache(upstream, ['proxy_balancer', 'slotmem_shm', 'lbmethod_byrequests'], balancer);
}
failover.needsAddresses = true;

function apache({ address, listenPort, folder }, modules, configuration) {
  return {
    files: {
      // httpd cannot open its stderr as a file, because that is a socket. cat(1) writes to it.
      'httpd.conf': `ServerRoot "${folder}"
ServerName localhost
PidFile "${folder}/pid"
DefaultRuntimeDir "${folder}"
Mutex file:${folder}
ErrorLog "|/bin/cat"
Listen ${address}:${listenPort}
${['mpm_event', 'authz_core', 'proxy', 'proxy_http', ...modules].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${configuration}
`,
    },
    argv: ['apache2', '-D', 'FOREGROUND', '-f', `${folder}/httpd.conf`],
  };
}
