#!/usr/bin/env bash
# Builds wheel and source distribution into dist/, installs the wheel into an empty environment and
# runs the demo there for five seconds, from a folder that has nothing of this repository.
#
# The first argument is the Python that has `build` and setuptools; PYTHON makes the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(realpath --no-symlinks "${1:?usage: $0 PYTHON-WITH-BUILD}")
dist=$PWD/dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Out of a copy: setuptools would leave build/ and *.egg-info here, and take up what lies in them.
mkdir "$work/source"
tar -cf - --exclude=./.git --exclude='./.venv*' --exclude=./build --exclude=./dist \
  --exclude='./.*_cache' --exclude='*.egg-info' --exclude=__pycache__ . | tar -xf - -C "$work/source"
rm -rf "$dist"
(cd "$work/source" && "$tools" -m build --no-isolation --outdir "$dist" . >"$work/log" 2>&1) || {
  tail -n 30 "$work/log" >&2
  exit 1
}

"${PYTHON:-$tools}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$dist"/*.whl
mkdir "$work/elsewhere"
cd "$work/elsewhere"
"$work/venv/bin/edge-video" --version
"$work/venv/bin/edge-video" demo --seconds 5 >"$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  exit 1
}
pictures=$(find demo-frames -name latest.jpg | wc -l)
[ "$pictures" -ge 3 ] || {
  echo "package: the demo left $pictures pictures, not 3" >&2
  exit 1
}
echo "package: $(cd "$dist" && ls | tr '\n' ' ')run from another folder: $pictures cameras"
