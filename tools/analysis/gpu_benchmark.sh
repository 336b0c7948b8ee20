#!/usr/bin/env bash
# Measure the GPU paths in under 8 minutes: waits, precision, compilation, table 7, speed rows.
#
#   bash tools/analysis/gpu_benchmark.sh [FOLDER]
#
# FOLDER (default: gpu_benchmark) gets one Markdown file per step. Needs one GPU, no weights, no data.
set -u
cd "$(dirname "$0")/../.."
out=${1:-gpu_benchmark}
python=${PYTHON:-python}
mkdir -p "$out"

step() { # NAME SECONDS COMMAND…: one step that may fail without ending the others
    local name=$1 limit=$2
    shift 2
    local start=$SECONDS
    timeout "$limit" "$@" >"$out/$name.md" 2>"$out/$name.log" || echo "$name failed: see $out/$name.log"
    echo "$name: $((SECONDS - start)) s"
}

step machine 30 nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv
step waits 60 "$python" tools/analysis/gpu_train_step.py waits
step steps 150 "$python" tools/analysis/gpu_train_step.py steps --videos 64
step table7 60 "$python" -m actionclip_mm benchmark table7 --videos 64 --bf16 --rounds 5
step table7_fp32 60 "$python" -m actionclip_mm benchmark table7 --arch ViT-B-16 --videos 64 --rounds 3
step rows 60 "$python" -m actionclip_mm benchmark speed text head --rounds 3 --out "$out/speed"
cat "$out"/*.md
