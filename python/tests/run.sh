#!/usr/bin/env bash
# Builds the wheel, installs it into the Python environment and runs everything that checks the package:
# strict types of package, tests and examples, the stubs against the extension, and pytest.
#
#   FENRUN_VENV        the environment, filled from tools/requirements.txt; .venv by default
#   CARGO_TARGET_DIR   where cargo builds; target by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=${FENRUN_VENV:-.venv}
venv=$(cd "$venv" && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export PATH=$venv/bin:$PATH VIRTUAL_ENV=$venv PYO3_PYTHON=$venv/bin/python PYTHONDONTWRITEBYTECODE=1
wheels=$CARGO_TARGET_DIR/wheels
settings=python/pyproject.toml

# The lints cannot see through the macros of PyO3.
if grep -rnw unsafe python/src; then
    echo "python/src: no unsafe code may stand there" >&2
    exit 1
fi

# Linked for glibc 2.17 where zig is at hand; maturin itself refuses a wheel with newer symbols.
host=$(rustc -vV | sed -n 's/^host: //p')
if [[ $host == *-linux-gnu ]] && python -c 'import ziglang' 2> /dev/null; then
    options=(--zig --compatibility manylinux2014)
else
    options=(--compatibility linux)
    echo "run.sh: no zig in $venv; the wheel needs the glibc of this machine" >&2
fi
rm -rf "$wheels"
maturin build -q --release --locked -m python/Cargo.toml -o "$wheels" "${options[@]}" > "$CARGO_TARGET_DIR/wheel.log" 2>&1 || {
    cat "$CARGO_TARGET_DIR/wheel.log"
    exit 1
}
pip install -q --disable-pip-version-check --no-deps --force-reinstall "$wheels"/fenrun-*.whl

# What is checked is what the wheel brings, not the sources beside it.
status=0
mypy --config-file "$settings" --no-error-summary -p fenrun || status=1
mypy --config-file "$settings" --no-error-summary python/tests examples/python || status=1
stubs=$(python -m mypy.stubtest fenrun --concise --mypy-config-file "$settings" 2>&1) || {
    echo "$stubs"
    status=1
}
pytest -q -p no:cacheprovider -c "$settings" python/tests || status=1
exit $status
