# Makes .venv in the checkout and keeps it up to date. Sourced by tools/demo, tools/test and tools/bench/*; needs nothing
# but a POSIX shell and Python 3.11 or later. Every missing prerequisite is named with its cure.

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${root%/tools*}
python=$root/.venv/bin/python

fail() {
    printf '%s: %s\n' "$(basename -- "$0")" "$1" >&2
    exit 1
}

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or later found; install one (Debian, Ubuntu: apt install python3 python3-venv) or name it: PYTHON=/path/to/python3 tools/..."
}

# set_up NAME PIP_ARGUMENT...: install the checkout with those arguments, unless that was done for the present files.
set_up() {
    name=$1
    shift
    if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi >/dev/null 2>&1; then extra=gpu; else extra=cpu; fi
    stamp=$root/.venv/set-up-$name
    wanted="$extra $(cat "$root/pyproject.toml" "$root/constraints.txt" | cksum) $root"
    if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi

    if [ ! -x "$python" ]; then
        base=$(find_python) || exit 1
        "$base" -c 'import venv, ensurepip' 2>/dev/null ||
            fail "$base has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"
        printf 'Making .venv with %s ...\n' "$("$base" --version)" >&2
        "$base" -m venv "$root/.venv"
    fi
    printf 'Installing HumanRT with the [%s] extra into .venv ...\n' "$extra" >&2
    # The pip that comes with Python 3.11 does not know dependency groups.
    "$python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' &&
        (cd "$root" && "$python" -m pip install --quiet --constraint constraints.txt --editable ".[$extra]" "$@") ||
        fail "pip could not install the packages (see above); check that PyPI, or your mirror of it, can be reached"
    "$python" -c 'import cv2' ||
        fail "OpenCV cannot be imported (see above); install its system libraries (Debian, Ubuntu: apt install libgl1 libglib2.0-0), or replace it on a machine without a screen: .venv/bin/pip uninstall opencv-python && .venv/bin/pip install opencv-python-headless"
    # What is installed for the tests is enough for the demo too.
    printf '%s\n' "$wanted" | tee "$stamp" >"$root/.venv/set-up-demo"
}
