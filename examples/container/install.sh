#!/bin/sh
# Installs the service into a virtual environment: install.sh SOURCE TARGET [MODELS]. The Dockerfile runs it.
# MODELS are arguments of `humanrt models pull`: "--all", or names. The cache is HUMANRT_CACHE_DIR.
set -eu
source=$1
target=$2
models=${3:-}
headless='s/^opencv-python\b/opencv-python-headless/'
python3 -m venv "$target"
"$target/bin/pip" install --quiet --no-deps "$source"
# The packages of humanrt[cpu,serve], with OpenCV without windows: the other needs libraries of X11, which a slim image
# lacks.
"$target/bin/python" - <<'END' | sed "$headless" >"$target/requirements.txt"
from importlib.metadata import requires

for each in requires("humanrt"):
    package, _, extra = each.partition("; extra == ")
    if extra.strip("'\"") in ("", "cpu", "serve"):
        print(package)
END
sed "$headless" "$source/constraints.txt" >"$target/constraints.txt"
"$target/bin/pip" install --quiet --requirement "$target/requirements.txt" --constraint "$target/constraints.txt"
if [ -n "$models" ]; then
    # Converted too, so that a user who cannot write the cache can load them.
    # shellcheck disable=SC2086
    "$target/bin/humanrt" models pull $models
fi
