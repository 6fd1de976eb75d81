#!/usr/bin/env bash
# The whole test suite, as `make test` runs it: `make unit`, and beside it, one after the other, the
# short soak test, the package, the portable ways and their types, for the tests mostly wait. Fails
# when any of them does; what those beside said comes last.
set -euo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
make --no-print-directory beside >"$said" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null || true; rm -f "$said"' EXIT

unit=0
make --no-print-directory unit || unit=$?

passed=0
wait "$beside" || passed=$?
cat "$said"
if [ "$unit" -ne 0 ] || [ "$passed" -ne 0 ]; then
  echo "suite: tests ended with $unit, what ran beside them with $passed" >&2
  exit 1
fi
