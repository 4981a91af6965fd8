#!/usr/bin/env bash
# Builds the wheel, installs it into the Python environment and runs everything that checks the package:
# pytest, the stubs against the extension, and strict types of package, tests and examples.
#
#   FENRUN_VENV        the environment, filled from tools/requirements.txt; .venv by default
#   CARGO_TARGET_DIR   where cargo builds; target by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=${FENRUN_VENV:-.venv}
venv=$(cd "$venv" && pwd)
wheels=${CARGO_TARGET_DIR:-target}/wheels
export PATH=$venv/bin:$PATH VIRTUAL_ENV=$venv PYO3_PYTHON=$venv/bin/python PYTHONDONTWRITEBYTECODE=1

if grep -rnw unsafe python/src; then
    echo "python/src: no unsafe code may stand there" >&2
    exit 1
fi

rm -rf "$wheels"
maturin build -q --release --locked --compatibility linux -m python/Cargo.toml -o "$wheels"
pip install -q --disable-pip-version-check --no-deps --force-reinstall "$wheels"/fenrun-*.whl

status=0
# Not from the sources: what is tested is what the wheel brings.
mypy --config-file python/pyproject.toml --no-error-summary -p fenrun || status=1
mypy --config-file python/pyproject.toml --no-error-summary python/tests examples/python || status=1
python -m mypy.stubtest fenrun --concise --mypy-config-file python/pyproject.toml || status=1
pytest -q -p no:cacheprovider -c python/pyproject.toml python/tests || status=1
exit $status
