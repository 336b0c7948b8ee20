#!/usr/bin/env bash
# Trains on several processes of this machine: one per GPU, or on the CPU where there is none.
# Usage: tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]
# MAX_RESTARTS=3 starts all processes anew when one has died; add --resume, or they begin again.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG PROCESSES [options of tools/train.py]" >&2
    exit 2
fi
CONFIG=$1
PROCESSES=$2
shift 2

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    --nproc_per_node="$PROCESSES" --max_restarts="${MAX_RESTARTS:-0}" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "$@"
