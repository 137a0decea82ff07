#!/usr/bin/env bash
# Runs tests with the lowest versions that the ranges in pyproject.toml admit, in build/lowest: a range
# promises that its lower end works, too.
set -euo pipefail

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  echo "Usage: tools/lowest_versions.sh [ARGUMENT OF PYTEST...]

Installs the lowest versions into build/lowest (several GB on Linux) and runs pytest there, without
arguments with what \`make test-fast\` runs. PYTHON=... names another Python than .venv's."
  exit
fi

cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
venv=build/lowest
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "No Python from 3.11 on: $python. Run make setup, or name one with PYTHON=..." >&2
  exit 2
}
test -x $venv/bin/pip || "$python" -m venv --clear $venv
$venv/bin/python -m pip install -q --disable-pip-version-check uv
$venv/bin/uv pip compile -q --python $venv/bin/python --resolution lowest-direct \
  --extra book --extra instructor --extra test pyproject.toml -o build/lowest.txt
$venv/bin/uv pip install -q --python $venv/bin/python -r build/lowest.txt
$venv/bin/uv pip install -q --python $venv/bin/python --no-deps -e .
[ $# -gt 0 ] || set -- -m "not slow" -n 2 --dist loadfile
# Not those that compare with the pinned versions, and with the pictures that these draw.
pinned=(
  tests/project/test_packaging.py::test_pins_are_complete_and_installed
  tests/project/test_packaging.py::test_pins_install_on_the_oldest_python
  tests/lxmls_grading/doctor/test_machine.py::test_nothing_is_wrong_here
  tests/notebooks/test_chapters.py::test_outputs_are_what_comes_out_now
)
exec $venv/bin/python -m pytest "${pinned[@]/#/--deselect=}" "$@"
