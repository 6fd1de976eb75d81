#!/usr/bin/env bash
# The whole test suite, as `make test` runs it: the short soak test in the background, for it mostly
# waits, and `make unit` beside it. Fails when either does; the soak's output comes last.
set -euo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
make --no-print-directory soak-short >"$said" 2>&1 &
soak=$!
trap 'kill "$soak" 2>/dev/null || true; rm -f "$said"' EXIT

unit=0
make --no-print-directory unit || unit=$?

passed=0
wait "$soak" || passed=$?
cat "$said"
if [ "$unit" -ne 0 ] || [ "$passed" -ne 0 ]; then
  echo "suite: tests ended with $unit, the soak test with $passed" >&2
  exit 1
fi
