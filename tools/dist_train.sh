#!/usr/bin/env bash
# Train in several processes on this machine: one per GPU, or on the CPU if there is none.
# Usage: tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]
# MAX_RESTARTS=3 restarts all processes when one has died; with --resume they continue.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG PROCESSES [options of tools/train.py]" >&2
    exit 2
fi
CONFIG=$1
PROCESSES=$2
shift 2

PORT=${PORT:-29500}
MASTER_ADDR=${MASTER_ADDR:-127.0.0.1}
MAX_RESTARTS=${MAX_RESTARTS:-0}

MEET=(--node_rank="${NODE_RANK:-0}" --master_addr="$MASTER_ADDR" --master_port="$PORT")
if [ "$MAX_RESTARTS" -gt 0 ]; then
    # a new store per start: the old one has the addresses of dead processes
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
    MEET=(--max_restarts="$MAX_RESTARTS" --rdzv_backend=c10d --rdzv_id="$PORT"
        --rdzv_endpoint="$MASTER_ADDR:$PORT")
fi

exec "${PYTHON:-python}" -m actionclip_mm.cli._launch \
    --nnodes="${NNODES:-1}" --nproc_per_node="$PROCESSES" "${MEET[@]}" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "$@"
