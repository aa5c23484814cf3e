#!/bin/sh
# Installs the service into a virtual environment: install.sh SOURCE TARGET MODELS. The Dockerfile runs it.
set -eu
source=$1
target=$2
models=$3
python3 -m venv "$target"
# OpenCV without windows: the others need libraries of X11, which a slim image lacks.
"$target/bin/pip" install --no-cache-dir "$source[cpu,serve]" -c "$source/constraints.txt"
"$target/bin/pip" uninstall --yes opencv-python
"$target/bin/pip" install --no-cache-dir "opencv-python-headless$(sed -n 's/^opencv-python==/==/p' "$source/constraints.txt")"
if [ "$models" = 1 ]; then
    "$target/bin/humanrt" models pull --all
fi
