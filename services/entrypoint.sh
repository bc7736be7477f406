#!/bin/sh
# Runs first in every container. The engine puts its own resolver (127.0.0.11) into /etc/resolv.conf, again at each start; the
# lab's clients must ask the lab's DNS server itself. The file is a bind mount of the engine's, so it is written in place.
echo 'nameserver 198.51.100.53' >/etc/resolv.conf
echo 'hosts: files dns' >/etc/nsswitch.conf
printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
# What runs from here on is nobody in particular; faults enter as root.
exec setpriv --reuid=1000 --regid=1000 --clear-groups -- "$@"
