#!/usr/bin/env bash
# A Docker engine for CI. It needs no registry and no systemd, and it does not change the machine's firewall or forwarding.
#
#   eval "$(.ci/engine.sh start)"   installs missing packages, starts dockerd, and prints only `export DOCKER_HOST=…`
#   eval "$(.ci/engine.sh compose)" adds Compose v2 (in Debian since 13) beside the v1 of `start`, and prints `export DOCKER_CONFIG=…`
#   .ci/engine.sh image             makes the image failover-lab-base:ci, which replaces the official Node image (BASE_IMAGE)
#   .ci/engine.sh swarm             makes the engine a swarm of one node, for replicated jobs
#   .ci/engine.sh stop              removes the engine's containers and networks, stops the engine, and leaves nothing behind
#
# Each command may be repeated. Messages go to stderr. A failure is one line on stderr and exit status 1.
#   ENGINE_DIR    the directory of the engine, default /tmp/failover-lab-engine; each directory has its own engine
#   ENGINE_CACHE  the directory that keeps the root file system and Compose v2 between runs, default /var/cache/failover-lab
#   BASE_IMAGE    the name of the image that `image` makes, default failover-lab-base:ci
set -euo pipefail
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH" LC_ALL=C

dir=${ENGINE_DIR:-/tmp/failover-lab-engine}
cache=${ENGINE_CACHE:-/var/cache/failover-lab}
image=${BASE_IMAGE:-failover-lab-base:ci}
suite=bookworm
compose_suite=trixie
# The packages that the Dockerfile installs, and those that tests ask for (WITH). With a base image that has them, the build needs no network.
packages=iproute2,nftables,curl,bind9-dnsutils,nginx-light,wget
repository=$(cd "$(dirname "$0")/.." && pwd)
export DOCKER_HOST="unix://$dir/docker.sock"
unset DOCKER_CONTEXT DOCKER_TLS_VERIFY

say() { echo "engine: $*" >&2; }
die() { say "$*"; exit 1; }
seconds() { printf '%d.%d s' $(((${EPOCHREALTIME/./} - $1) / 1000000)) $(((${EPOCHREALTIME/./} - $1) / 100000 % 10)); }
now() { echo "${EPOCHREALTIME/./}"; }

# install COMMAND:PACKAGE…: installs the Debian package of each command that is missing.
install() {
  local pair packages=()
  for pair in "$@"; do command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}"); done
  [ ${#packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "Missing packages: ${packages[*]}. There is no apt-get to install them with. Install them by hand."
  local start; start=$(now)
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >"$dir/apt.log" 2>&1 </dev/null ||
    die "apt-get could not install ${packages[*]}: $(grep '^E:' "$dir/apt.log" | head -1)"
  say "installed ${packages[*]} in $(seconds "$start")"
}

answers() { docker version >/dev/null 2>&1; }

# arguments PID: prints the command line of a process, or nothing if the process has just ended.
arguments() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

running_pid() {
  local pid
  pid=$(cat "$dir/dockerd.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  # The pid file stays after a crash, and another process may have the same pid later.
  arguments "$pid" | grep -qF -- "--data-root $dir/data" && echo "$pid"
}

# The directory must belong to root, because every user can write to /tmp.
prepare_directory() {
  [ "$(id -u)" = 0 ] || die "Expected to run as root, got uid $(id -u). dockerd needs root: use sudo."
  (umask 077; mkdir -p "$dir") || die "Could not make the directory $dir."
  [ "$(stat -c '%u %F' "$dir")" = '0 directory' ] || die "Expected $dir to be a directory that belongs to root. Remove it, or set ENGINE_DIR to another directory."
  exec 9>"$dir/lock"
  flock -w 300 9 || die "Another engine.sh has locked $dir for 300 s. Wait until it ends, or set ENGINE_DIR to another directory."
}

start() {
  prepare_directory
  install dockerd:docker.io docker:docker.io docker-compose:docker-compose
  local start; start=$(now)
  if running_pid >/dev/null && answers; then
    say "already running, pid $(running_pid)"
  else
    # An engine that crashed may have left containers and processes behind.
    stop_engine
    # dockerd makes these paths outside of its own directories, whatever its options are. `stop` removes those that did not exist before.
    [ -e "$dir/not-there-before" ] ||
      for path in /etc/docker /etc/docker/key.json /run/docker /run/docker/plugins /sys/fs/cgroup/{,*/}; do
        case $path in /sys/fs/cgroup/*) path=${path}docker ;; esac
        [ -e "$path" ] || echo "$path"
      done >"$dir/not-there-before"
    # A compose network is a bridge of its own, so the engine needs no default bridge, no iptables and no forwarding. Without them, the
    # machine stays as it is. Published ports still work, through docker-proxy.
    setsid dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" \
      --bridge=none --iptables=false --ip6tables=false --ip-forward=false --shutdown-timeout 2 \
      >"$dir/dockerd.log" 2>&1 </dev/null 9>&- &
    local pid=$!
    until answers; do
      kill -0 "$pid" 2>/dev/null || die "dockerd ended before it answered: $(last_error). Log: $dir/dockerd.log"
      [ $(($(now) - start)) -lt 30000000 ] || { stop_engine; die "dockerd did not answer within 30 s: $(last_error). Log: $dir/dockerd.log"; }
      sleep 0.05
    done
    say "docker $(docker version --format '{{.Server.Version}}') is up after $(seconds "$start"), pid $pid, log $dir/dockerd.log"
  fi
  echo "export DOCKER_HOST=$DOCKER_HOST"
}

last_error() {
  local lines
  lines=$(grep -E 'level=(error|fatal)|^failed|^unable|^Error' "$dir/dockerd.log" || tail -1 "$dir/dockerd.log")
  tail -1 <<<"$lines"
}

# mirror SUITE: prints the site from which this machine's apt gets the main component of the suite. It works for every format of apt's sources.
mirror() {
  # shellcheck disable=SC2016  # apt expands $(…), the shell must not
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' | awk -v s="$1" '$1 == s && $2 == "main" { print $3; exit }'
}

# Compose v2 is one program that needs only libc, so it also runs on an older Debian. The machine's own packages stay as they are.
add_compose() {
  prepare_directory
  local plugin=$cache/compose-$compose_suite/docker-compose
  [ -x "$plugin" ] || fetch_compose "$plugin"
  mkdir -p "$dir/docker/cli-plugins"
  cp "$plugin" "$dir/docker/cli-plugins/docker-compose"
  export DOCKER_CONFIG=$dir/docker
  say "Compose $(docker compose version --short) beside $(docker-compose version --short)"
  # BuildKit needs the default bridge, which this engine does not have, and it leaves interfaces behind.
  echo "export DOCKER_CONFIG=$DOCKER_CONFIG DOCKER_BUILDKIT=0"
}

# fetch_compose PLUGIN: fetches Compose v2 from Debian, with apt's usual check of signatures, and with package lists apart from the machine's.
fetch_compose() {
  local plugin=$1 start site
  start=$(now)
  site=$(mirror "$suite")
  [ -n "$site" ] || die "Expected an apt source for $suite main in /etc/apt, found none. Add one."
  rm -rf "$dir/apt" && mkdir -p "$dir/apt/lists/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $compose_suite main" >"$dir/apt/sources.list"
  local apt=(apt-get -q -o "Dir::Etc::SourceList=$dir/apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$dir/apt/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none -o APT::Sandbox::User=root)
  (cd "$dir/apt" && "${apt[@]}" update && "${apt[@]}" download docker-compose && dpkg-deb -x docker-compose_*.deb tree) >"$dir/apt.log" 2>&1 </dev/null ||
    die "Could not fetch docker-compose of $compose_suite from $site: $(grep -E '^[EW]:' "$dir/apt.log" | head -1)"
  mkdir -p "$(dirname "$plugin")"
  cp "$dir/apt/tree/usr/libexec/docker/cli-plugins/docker-compose" "$plugin.part" && mv "$plugin.part" "$plugin"
  rm -rf "$dir/apt"
  say "fetched Compose v2 of Debian $compose_suite in $(seconds "$start")"
}

make_image() {
  prepare_directory
  answers || die "No docker engine answers at $DOCKER_HOST. Run: eval \"\$(.ci/engine.sh start)\""
  local node=$repository/node_modules/node/bin/node
  [ -x "$node" ] || die "Expected the pinned Node at $node. Run: npm ci"
  local version start pin
  version=$("$node" --version) || die "$node does not run on this machine."
  start=$(now)
  pin="$version $(cksum <"$repository/package-lock.json" | cut -d' ' -f1) $packages"
  if [ "$(docker image inspect --format '{{index .Config.Labels "failover-lab.pin"}}' "$image" 2>/dev/null)" = "$pin" ]; then
    say "$image is there already, with Node $version"
    return
  fi
  local root
  root=$cache/$suite-$(dpkg --print-architecture)-$(cksum <<<"$packages" | cut -d' ' -f1).tar
  [ -s "$root" ] || make_root "$root"
  # The image is one layer: the root file system, Node, and the npm packages of package-lock.json. The cache holds only the root file
  # system, so another Node version or another package does not need another debootstrap.
  cp "$root" "$dir/image.tar"
  rm -rf "$dir/lab" && mkdir -p "$dir/lab/lab/build/packages" && cp "$repository"/package{,-lock}.json "$dir/lab" && cp -r "$repository/lab/build/packages/docker" "$dir/lab/lab/build/packages"
  npm ci --prefix "$dir/lab" --workspace=lab/build/packages/docker --include-workspace-root --ignore-scripts --no-audit --no-fund --loglevel=error >"$dir/npm.log" 2>&1 || die "npm ci failed: $(tail -1 "$dir/npm.log")"
  tar --append --file "$dir/image.tar" --owner=0 --group=0 -C "$dir" lab/node_modules
  tar --append --file "$dir/image.tar" --owner=0 --group=0 --mode=755 --transform='s,^,usr/local/bin/,' -C "$(dirname "$node")" node
  docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["node"]' \
    --change "LABEL failover-lab.pin='$pin'" "$dir/image.tar" "$image" >/dev/null || die "docker import of $dir/image.tar failed."
  rm "$dir/image.tar"
  say "$image made in $(seconds "$start"): Debian $suite, $packages, Node $version, $(($(docker image inspect --format '{{.Size}}' "$image") / 1000000)) MB"
}

# make_root TARBALL: makes Debian's smallest base system with the packages above, without documentation and other files that a container does not need.
make_root() {
  local tarball=$1 start site
  start=$(now)
  install debootstrap:debootstrap
  site=$(mirror "$suite")
  [ -n "$site" ] || die "Expected an apt source for $suite main in /etc/apt, found none. Add one."
  mkdir -p "$cache"
  rm -rf "$dir/root"
  say "running debootstrap of $suite from $site: this takes about 40 s, only the first time"
  nice -n 10 debootstrap --variant=minbase --include="$packages" "$suite" "$dir/root" "$site" >"$dir/debootstrap.log" 2>&1 </dev/null ||
    die "debootstrap failed: $(grep -E '^[EW]:' "$dir/debootstrap.log" | tail -1)"
  (cd "$dir/root" && rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/* usr/share/{doc,info,locale,man,zoneinfo}/* dev/*)
  tar --create --file "$tarball.part" --numeric-owner --one-file-system -C "$dir/root" .
  mv "$tarball.part" "$tarball"
  rm -rf "$dir/root"
  say "$tarball made in $(seconds "$start"), $(($(stat -c %s "$tarball") / 1000000)) MB"
}

make_swarm() {
  prepare_directory
  answers || die "No docker engine answers at $DOCKER_HOST. Run: eval \"\$(.ci/engine.sh start)\""
  [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = active ] || docker swarm init --advertise-addr 127.0.0.1 >/dev/null || die "docker swarm init failed."
  say "the engine is a swarm of one node"
}

stop() {
  [ -d "$dir" ] || { say "not running"; return; }
  prepare_directory
  stop_engine
  if [ -e "$dir/not-there-before" ]; then
    tac "$dir/not-there-before" | while read -r path; do take_back "$path"; done
  fi
  rm -rf --one-file-system "$dir"
  say "stopped"
}

# take_back PATH: removes a file, an empty directory, or a cgroup together with the cgroups of containers in it. These cgroups stay busy until
# pid 1 has reaped the ended processes, so the removal is tried for 2 s.
take_back() {
  for _ in $(seq 20); do
    case $1 in
      *.json) rm -f "$1" ;;
      /sys/fs/cgroup/*) find "$1" -depth -type d -exec rmdir {} + ;;
      *) rmdir "$1"; return 0 ;;
    esac 2>/dev/null || true
    [ -e "$1" ] || return 0
    sleep 0.1
  done
  say "could not remove $1: it is still in use"
}

stop_engine() {
  local pid name bridges
  # When dockerd is killed, the bridges of its networks stay. Its database still has their names.
  bridges=$(grep -aoE 'br-[0-9a-f]{12}' "$dir/data/network/files/local-kv.db" 2>/dev/null | sort -u || true)
  if pid=$(running_pid); then
    # The engine removes the containers and networks itself, because only the engine knows their bridges. At its end it would leave the bridges up.
    if answers; then
      # A swarm would start its tasks again, and it keeps its network until the node has left.
      [ "$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null)" != active ] || timeout 30 docker swarm leave --force >/dev/null 2>&1 || true
      # An engine whose containers have lost their shims never answers. What it leaves behind is removed below.
      docker ps --all --quiet | timeout 30 xargs --no-run-if-empty docker rm --force --volumes >/dev/null 2>&1 || true
      docker network ls --quiet --filter type=custom | timeout 30 xargs --no-run-if-empty docker network rm >/dev/null 2>&1 || true
    fi
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 200); do running_pid >/dev/null || break; sleep 0.05; done
    if pid=$(running_pid); then kill -KILL "$pid" || true; fi
  fi
  # After a crash, containerd and its shims are still there. Their arguments contain this directory. A shim ends with its container.
  for name in /proc/[0-9]*; do
    if arguments "${name#/proc/}" | grep -qE "^[^ ]*(containerd|containerd-shim[^ ]*|docker-proxy|runc) .*$dir/exec"; then
      pid=${name#/proc/}
      # shellcheck disable=SC2046  # a list of pids
      kill -KILL $(cat "/proc/$pid/task/$pid/children" 2>/dev/null) "$pid" 2>/dev/null || true
    fi
  done
  for name in $bridges; do ip link delete "$name" 2>/dev/null || true; done
  awk -v d="$dir/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r path; do umount --lazy "$path"; done
  rm -f "$dir/dockerd.pid" "$dir/docker.sock"
}

case ${1:-} in
  start) start ;;
  compose) add_compose ;;
  image) make_image ;;
  swarm) make_swarm ;;
  stop) stop ;;
  *) die "Unknown command \`${1:-}\`. Known: start, compose, image, swarm, stop." ;;
esac
