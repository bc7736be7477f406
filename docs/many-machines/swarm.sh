#!/bin/sh
# A plan as a replicated job of a swarm, one task for each shard: swarm.sh SHARDS IMAGE OUT [matrix|soak|run-all]
# IMAGE has Debian, ip and nft (BASE_IMAGE of .ci/engine.sh, or the one of the Dockerfile); each node has this checkout at the same path, and OUT, with
# plan.json in it, is a folder that all nodes share.
set -eu
shards=$1 image=$2 out=$(readlink -f "$3")
lab=$(cd "$(dirname "$0")/../.." && pwd)
# A swarm has no --security-opt, so the task has SYS_ADMIN, and opens what docker has closed. It counts its tasks from 0, and writes the name of the
# node in the place of 0.
docker service create --label failover-lab.shards --mode replicated-job --replicas "$shards" --restart-condition none --network host \
  --cap-add SYS_ADMIN --cap-add NET_ADMIN --mount "type=bind,src=$lab,dst=$lab" --mount "type=bind,src=$out,dst=/out" --env 'SLOT={{.Task.Slot}}' \
  --entrypoint /bin/sh "$image" -c '
    case $SLOT in *[!0-9]*) SLOT=0 ;; esac
    mount -o remount,rw /proc/sys && umount /sys/firmware &&
    exec env JOB_COMPLETION_INDEX="$SLOT" "$0" "$@" --driver netns --shard auto --plan /out/plan.json --out /out/shards' "$lab/bin/lab" "${4:-matrix}"
