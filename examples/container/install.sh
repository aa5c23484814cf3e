#!/bin/sh
# Installs the service into a virtual environment: install.sh SOURCE TARGET [MODELS]. The Dockerfile runs it.
# MODELS are arguments of `humanrt models pull`: "--all", or names. The cache is HUMANRT_CACHE_DIR.
set -eu
source=$1
target=$2
models=${3:-}
pinned=$source/constraints.txt
python3 -m venv "$target"
"$target/bin/pip" install --quiet "$source[cpu,serve]" --constraint "$pinned"
# OpenCV without windows: the other needs libraries of X11, which a slim image lacks.
"$target/bin/pip" uninstall --quiet --yes opencv-python
"$target/bin/pip" install --quiet "opencv-python-headless$(sed -n 's/^opencv-python==/==/p' "$pinned")"
if [ -n "$models" ]; then
    # Converted too, so that a user who cannot write the cache can load them.
    # shellcheck disable=SC2086
    "$target/bin/humanrt" models pull $models
fi
