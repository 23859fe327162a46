#!/bin/sh
# Make .venv hold what a lock says, torch, and this project:
#     sh requirements/install.sh export|dev [without-project]
# Does nothing when that is so already. PYTHON names the interpreter; any of 3.11 and later will do.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
profile=$1
here=$(pwd -P)
log=.venv/install.log

say() { printf '%s\n' "$*" >&2; }
stop() {
    say "$*"
    exit 1
}

case $here in
*:* | *\$*) stop "A path with : or \$ in it cannot hold a virtual environment. Rename $here." ;;
esac

# Two makes in one folder take turns (where flock exists: it does on Linux).
exec 9<requirements/install.sh
if command -v flock >/dev/null; then flock 9; fi
trap 'exit 130' INT
trap 'exit 143' TERM

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || stop "PYTHON=$PYTHON is not a Python 3.11 or later."
        python=$PYTHON
        return
    fi
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$python"; then return; fi
    done
    stop "Citewire needs Python 3.11 or later, and $(python3 --version 2>&1 || :) is what there is." \
        "Install one and name it: make PYTHON=/path/to/python3.11 …"
}

# A virtual environment holds absolute paths and one Python's packages: moved, or its Python
# replaced, it is no longer itself.
self() { printf '%s %s' "$(version .venv/bin/python)" "$here"; }
usable() {
    [ -e .venv/pyvenv.cfg ] && [ ! -e .venv/.unfinished ] && new_enough .venv/bin/python &&
        { [ ! -e .venv/.self ] || [ "$(cat .venv/.self)" = "$(self)" ]; } &&
        { [ -z "${PYTHON:-}" ] || [ "$(version "$PYTHON")" = "$(version .venv/bin/python)" ]; }
}

make_venv() {
    choose_python
    rm -rf .venv
    mkdir .venv
    : >.venv/.unfinished
    say "Creating .venv with Python $(version "$python")"
    # Debian keeps ensurepip in python3-venv. Without it the venv has no pip, and the one outside serves.
    if ! "$python" -m venv .venv >>"$log" 2>&1 && ! "$python" -m venv --without-pip .venv >>"$log" 2>&1
    then
        tail -n 3 "$log" >&2
        stop "$python cannot create a virtual environment. On Debian: apt-get install python3-venv"
    fi
}

pip() {
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        PIP_USER=0 .venv/bin/python -m pip "$@"
    else
        choose_python
        "$python" -m pip --version >/dev/null 2>&1 ||
            stop "There is no pip. On Debian: apt-get install python3-venv"
        PIP_USER=0 "$python" -m pip --python .venv/bin/python "$@"
    fi
}
install() { pip install --disable-pip-version-check --no-input "$@" >>"$log" 2>&1; }
install_or_stop() {
    install "$@" && return
    tail -n 15 "$log" >&2
    stop "pip could not install it. The whole log: $log"
}

# A configured wheel folder, then PyTorch's CPU index, then whatever pip takes by default: on macOS
# that is the CPU build too; on Linux it brings CUDA. The locked packages already meet torch's needs.
install_torch() {
    cpu=https://download.pytorch.org/whl/cpu
    if install --no-index --only-binary :all: -r requirements/torch.txt; then return; fi
    if [ "$(uname -s)" = Linux ]; then
        if install --dry-run --retries 0 --timeout 5 --index-url "$cpu" -r requirements/torch.txt &&
            install --index-url "$cpu" -r requirements/torch.txt; then return; fi
        say "$cpu does not answer: taking torch from PyPI, which brings CUDA along (gigabytes)"
    fi
    install_or_stop --only-binary :all: -r requirements/torch.txt
}

key=$( { printf %s "$here"; cat pyproject.toml requirements/*; } | cksum)
done_for() { [ -e ".venv/.$1" ] && [ "$(cat ".venv/.$1")" = "$key" ]; }

if usable; then
    # The dev lock holds everything that the export lock does.
    if done_for dev || done_for "$profile"; then exit 0; fi
    say "Bringing .venv up to date"
else
    make_venv
    say "Installing the locked packages and torch (first run only, about 2 minutes)"
fi
: >.venv/.unfinished
install_or_stop --no-deps --require-hashes --only-binary :all: -r "requirements/$profile.txt"
install_torch
if [ "${2:-}" != without-project ]; then
    install_or_stop --no-deps --no-build-isolation -e .
    printf '%s' "$key" >".venv/.$profile"
fi
self >.venv/.self
rm .venv/.unfinished
