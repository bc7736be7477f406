/** Squid as a reverse proxy ("accelerator"). */

/**
 * https://wiki.squid-cache.org/ConfigExamples/Reverse/BasicAccelerator: one origin server as a `cache_peer`. Squid looks the name of a peer up at its start and once an
 * hour, and takes up to ten addresses.
 */
export function byDefault(upstream) {
  return squid(upstream, [`cache_peer ${upstream.host} parent ${upstream.port} 0 no-query originserver name=myAccel`]);
}

/**
 * https://wiki.squid-cache.org/ConfigExamples/Reverse/LoadBalance (origin servers in turn, `round-robin`): one peer for each address that the name has at the start. A peer is
 * left after ten failed connections (`connect-fail-limit`), and tried again later (http://www.squid-cache.org/Doc/config/cache_peer/).
 */
export function failover(upstream) {
  return squid(upstream, upstream.addresses.map((each, index) => `cache_peer ${each} parent ${upstream.port} 0 no-query originserver round-robin name=server_${index + 1}`));
}
failover.needsAddresses = true;
/** Squid listens before it knows the addresses of its peers, and answers 502 until then. This is in its log when it knows them. */
byDefault.ready = failover.ready = 'Configuring Parent';

function squid({ host, address, listenPort, folder }, peers) {
  return {
    files: {
      'squid.conf': `http_port ${address}:${listenPort} accel defaultsite=${host} no-vhost
${peers.join('\n')}
acl our_sites dstdomain ${host}
http_access allow our_sites
visible_hostname proxy.lab.test
pid_filename ${folder}/pid
access_log none
cache_log /dev/stderr
coredump_dir ${folder}
pinger_enable off
netdb_filename none
`,
    },
    // -N: one process, in the foreground, without the one that starts it again.
    argv: ['squid', '-N', '-f', `${folder}/squid.conf`],
  };
}
