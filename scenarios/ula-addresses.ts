import { isIPv4 } from 'node:net';
import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';

/** The table of RFC 6724 section 2.1, as glibc reads it from /etc/gai.conf. The table built into glibc is that of RFC 3484, which has no entry for ULAs. */
const rfc6724 = ['::1/128 50', '::/0 40', '::ffff:0:0/96 35', '2002::/16 30', '2001::/32 5', 'fc00::/7 3', '::/96 1', 'fec0::/10 1', '3ffe::/16 1'];
const gaiConf = rfc6724.map((line) => `precedence ${line}\n`).join('');

export const ulaAddresses = defineScenario({
  title: 'IPv6 addresses from fd00::/8 (ULA): the libc decides whether they are preferred to IPv4',
  teaches:
    'By RFC 6724 an IPv4 address comes before a unique local IPv6 address (ULA), so IPv6 ' +
    'preference seems broken on such a network. glibc does the opposite.',
  predict:
    'The lab has ULA addresses instead of global ones, and AAAA records for them. Which family does ' +
    'the client try first? And which one with the table of RFC 6724?',
  explains:
    'RFC 6724 gives fc00::/7 precedence 3 and IPv4 precedence 35: there may be no route to a ULA, so IPv4 goes first. musl, the BSDs, Windows ' +
    'and Go’s own resolver follow this rule, and people who try out IPv6 on a private network wonder why nothing uses it. glibc (2.36 here) ' +
    'still has the table of RFC 3484, where a ULA is ordinary IPv6 (::/0, precedence 40; IPv4 has 10). So our client, which takes libc’s order, ' +
    'goes to the ULA. The same libc with RFC 6724’s table in /etc/gai.conf puts IPv4 first: getent asks it here, inside a chroot with that file, ' +
    'so that no other program sees the file. This is why the lab uses documentation addresses (2001:db8::/32): all tables treat them alike.',
  sources: ['RFC 6724 section 2.1 and section 10.6', 'RFC 3484 section 2.1', 'gai.conf(5)', 'glibc sysdeps/posix/getaddrinfo.c, default_precedences'],
  reproduces: ['S12'],
  topology: { ipv6Network: 'fd00:1ab:1:' },
  client: { keepAlive: false },
  run: async ({ client, dns, note }) => {
    await dns.aaaa(true);
    await client.get();
    const { stdout: libc } = await client.$`getconf GNU_LIBC_VERSION || echo another libc`;
    if (!libc.startsWith('glibc')) return { libc: libc.trim(), byRfc6724: [] };
    note('the same lookup by the same libc, with the table of RFC 6724');
    const { stdout } = await client.$`root=$(mktemp -d -p /run); bin=$(command -v getent)
cp --parents -L $bin $(ldd $bin | grep -o '/[^ ]*') /etc/resolv.conf /etc/nsswitch.conf $root
echo ${gaiConf} >$root/etc/gai.conf; chroot $root getent ahosts web.lab.test`;
    return { libc: libc.trim(), byRfc6724: [...new Set(stdout.trim().split('\n').map((line) => line.split(' ')[0] ?? ''))] };
  },
  checks: ({ findings: { requests }, events }) => {
    const answers = events.filter((event) => event.event === 'dns:answer' && event.name === webName && event.tMs > 0 && event.type === 'AAAA');
    const ula = answers.filter((event) => event.event === 'dns:answer' && event.addresses.length > 0 && event.addresses.every((address) => address.startsWith('fd')));
    return [
      check('the request was answered', requests.ok === 1, `${requests.ok} of ${requests.sent}`),
      check('every AAAA answer held unique local addresses', ula.length > 0 && ula.length === answers.length, `${ula.length} of ${answers.length}`),
    ];
  },
  contract: ({ findings: { attempts: [first] }, data: { libc, byRfc6724 } }) => {
    if (!libc.startsWith('glibc')) return [check(`IPv4 was tried first: ${libc} follows RFC 6724`, first?.family === 4, first?.address ?? 'nothing was tried')];
    return [
      check('IPv6 was tried first: glibc has the table of RFC 3484', first?.family === 6, `${first?.address ?? 'nothing'}, by ${libc}`),
      check("with RFC 6724's table the same libc puts IPv4 first", isIPv4(byRfc6724[0] ?? '') && byRfc6724.some((address) => address.startsWith('fd')), byRfc6724.join(' ')),
    ];
  },
});
