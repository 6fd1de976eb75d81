#!/usr/bin/env bash
# Checks the types of the program, without its tests, as they are on macOS and on Windows; both side
# by side, each with a cache of its own. What returns early on another system is no unreachable code.
set -euo pipefail
cd "$(dirname "$0")/.."
mypy=${1:-.venv/bin/mypy}

said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
for platform in darwin win32; do
  { "$mypy" --platform "$platform" --no-warn-unreachable --cache-dir ".mypy_cache/$platform" \
    --exclude '^edge_video/testing/' edge_video >"$said/$platform" 2>&1 && touch "$said/$platform.ok"; } &
done
wait
for platform in darwin win32; do
  sed "s/^/$platform: /" "$said/$platform"
done
[ -e "$said/darwin.ok" ] && [ -e "$said/win32.ok" ]
