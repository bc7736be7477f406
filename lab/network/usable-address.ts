/**
 * Waits until a host takes packets for an IPv6 address that it was just given.
 *
 * `nodad` skips duplicate address detection, but the address is not yet usable when `ip` ends: the kernel finishes it later, in a work queue
 * (addrconf_dad_work() in the kernel's net/ipv6/addrconf.c). Until then, the host has no route to itself and is not in the address's multicast
 * group. It drops a packet to the address, and does not answer a neighbour that asks for it. The same happens when a link comes up again.
 */

/** So many looks take 5 s or more, because each one starts `ip`. */
const looks = 5_000;

/**
 * Shell commands for `sh -e`. They end when the host's own route to each address exists, which the kernel adds last. `device` has the addresses; they may
 * have a prefix length. The commands fail with one line on stderr if a route does not come.
 */
export function untilUsable(addresses: readonly string[], device: string): string {
  return addresses.length === 0 ? ':' : `for each in ${addresses.map((address) => address.replace(/\/.*/, '')).join(' ')}; do
  left=${looks}
  until [ -n "$(ip -6 route show table local "$each" dev ${device})" ]; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "the kernel did not add its route to $each on ${device}" >&2; exit 1; }
  done
done`;
}
