#!/bin/sh
# Write the three locks from pyproject.toml: sh requirements/lock.sh [--upgrade]
# Pins that still fit are kept; --upgrade takes the newest versions.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

uv_version=0.13.8
uv=build/uv/bin/uv
if ! "$uv" --version 2>/dev/null | grep -q "^uv $uv_version "; then
    printf 'Installing uv %s into build/uv\n' "$uv_version" >&2
    "${PYTHON:-python3}" -m venv build/uv
    build/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
fi

# One version a package for every platform and Python (universal, fewest), from PyPI alone
# (no-config, default-index), and a wheel for each (no-build).
compile() {
    lock=$1
    shift
    printf 'Locking %s\n' "$lock" >&2
    "$uv" --no-config pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --no-build --generate-hashes --default-index https://pypi.org/simple \
        --custom-compile-command 'make lock' --overrides requirements/no-torch.in \
        --output-file "$lock" "$@" pyproject.toml >/dev/null
}

compile requirements/dev.txt "$@" --extra dev --extra export \
    requirements/torch-needs.in requirements/linters.in
compile requirements/export.txt "$@" --extra export --constraints requirements/dev.txt \
    requirements/torch-needs.in
compile requirements/run.txt "$@" --constraints requirements/dev.txt
