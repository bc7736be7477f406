#!/bin/sh
# Runs first in every container. At each start the engine puts its own resolver (127.0.0.11) into /etc/resolv.conf, but the lab's
# clients must ask the lab's DNS server directly. The engine mounts this file, so it is written in place and not replaced.
echo 'nameserver 198.51.100.53' >/etc/resolv.conf
echo 'hosts: files dns' >/etc/nsswitch.conf
printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
# From here on the container runs as an unprivileged user. The lab applies faults as root.
exec setpriv --reuid=1000 --regid=1000 --clear-groups -- "$@"
