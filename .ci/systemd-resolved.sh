#!/usr/bin/env bash
# Makes systemd-resolved available to the tests. Its installation would replace /etc/resolv.conf of this machine, and upgrade systemd. So the
# package is only unpacked, with the library of the same version, and a script on PATH starts it.
set -euo pipefail
PATH=$PATH:/usr/lib/systemd:/lib/systemd
! command -v systemd-resolved >/dev/null || exit 0
folder=/opt/systemd-resolved
downloads=$(mktemp -d)
trap 'rm -r "$downloads"' EXIT
apt-get update -qq
(cd "$downloads" && apt-get download -qq -o APT::Sandbox::User=root systemd-resolved libsystemd-shared)
for package in "$downloads"/*.deb; do dpkg -x "$package" "$folder"; done
cat >/usr/local/bin/systemd-resolved <<END
#!/bin/sh
LD_LIBRARY_PATH=\$(echo $folder/usr/lib/*/systemd) exec $folder/lib/systemd/systemd-resolved "\$@"
END
chmod +x /usr/local/bin/systemd-resolved
systemd-resolved --version >/dev/null
