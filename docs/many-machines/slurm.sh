#!/bin/sh
# A plan of 16 shards as an array, from the folder of the lab on a file system that all nodes share: sbatch docs/many-machines/slurm.sh
#SBATCH --job-name=failover-matrix
#SBATCH --array=1-16
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
#SBATCH --requeue
# A task that was preempted is tried again, and goes on from the runs that are finished.
cd "$SLURM_SUBMIT_DIR" || exit 3
exec bin/lab matrix --plan plan.json --shard auto --out matrix-shards
