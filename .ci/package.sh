#!/usr/bin/env bash
# Packs the project as `npm publish` would, installs the tarball into empty folders with npm and with pnpm, and uses it there as somebody's repository
# does: a scenario, a scenario of one's own, the types, and a test with node:test, vitest and jest. Install scripts are forbidden.
#
#   .ci/package.sh [npm] [pnpm] [yarn]
#
# KEEP=1 keeps the folders. The machine's own Node runs the tests, as it would there; where it is older than the lab's, the lab installs its own once.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
managers=("${@:-npm}")
[ $# -gt 0 ] || managers=(npm pnpm)
pnpm=pnpm@12.21.0
yarn=@yarnpkg/cli-dist@4.18.1

folder=$(mktemp -d /tmp/failover-lab-package.XXXXXX)
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
# The lab's own Node is installed here, and not taken from an earlier run.
export XDG_CACHE_HOME=$folder/cache
say() { echo "package: $*" >&2; }
seconds() { echo "$(((${EPOCHREALTIME/./} - $1) / 100000))" | sed 's/.$/.&/'; }

npm pack --silent --pack-destination "$folder" >/dev/null
tarball=$(ls "$folder"/failover-lab-*.tgz)
say "$(basename "$tarball"): $(($(stat -c %s "$tarball") / 1000)) kB, $(tar -tzf "$tarball" | wc -l) files"
# What does not belong in it.
! tar -tzf "$tarball" | grep -v '^package/docs/lessons/[^/]*\.md$' | grep -E '\.test\.|/docs/|\.fixture\.|/lab/testing/|^package/(lab|services|scenarios)/' || { say 'the tarball has files that do not belong in it'; exit 1; }
[ "$(stat -c %s "$tarball")" -lt 2700000 ] || { say 'the tarball is larger than 2.7 MB'; exit 1; }

install() {
  case $1 in
    npm) npm install --silent --ignore-scripts --save-dev "$tarball" "${@:2}" ;;
    pnpm) npx --yes "$pnpm" add --silent --ignore-scripts --save-dev "$tarball" "${@:2}" ;;
    # Node and jest cannot load from Yarn's archives without its loader.
    yarn) echo 'nodeLinker: node-modules' >.yarnrc.yml && echo 'enableScripts: false' >>.yarnrc.yml && npx --yes --package "$yarn" yarn add --dev "failover-lab@file:$tarball" "${@:2}" >/dev/null ;;
  esac
}

for manager in "${managers[@]}"; do
  mkdir "$folder/$manager" && cd "$folder/$manager"
  npm init --yes >/dev/null
  cp "$root"/.ci/package/* .
  start=${EPOCHREALTIME/./}
  install "$manager"
  say "$manager: installed in $(seconds "$start") s, $(find node_modules/ -name package.json -not -path '*/failover-lab/*/*' | wc -l) packages, $(du -sm node_modules | cut -f1) MB"
  # The Node of somebody's scripts is still their own.
  [ "$(npm exec --call 'node --version')" = "$(node --version)" ] || { say "$manager: \`node\` in scripts is another one now"; exit 1; }
  export PATH="$PWD/node_modules/.bin:$PATH"
  start=${EPOCHREALTIME/./}
  lab run all-down | tail -4
  lab lesson 2 --answer b | grep -F 'You predicted b) as well.'
  say "$manager: the first run took $(seconds "$start") s"
  lab run ./own.scenario.ts --results elsewhere --reporter junit:elsewhere/report.xml | tail -3
  grep -q 'failures="0" errors="0"' elsewhere/report.xml
  lab init >/dev/null && lab explain failover/first.scenario.ts >/dev/null
  node --test lab.test.mjs | grep -E '^# (pass|fail)'
  install "$manager" vitest@4.1.12 jest@30.2.0 typescript@6.0.3 @types/node@24.19.2
  npx --no-install tsc --project .
  npx --no-install vitest run lab.vitest.ts
  npx --no-install jest lab.jest.js
  # Nothing is left of the labs.
  ! pgrep -fa "$folder/.*services/" || { say "$manager: processes are left"; exit 1; }
  export PATH="${PATH#*:}"
  say "$manager: all passed"
done
