#!/usr/bin/env bash
# Looks for what the repeatable suite cannot find: the property tests with fresh seeds, round after
# round, and the targets of scripts/fuzz.py where atheris is installed. FUZZ_MINUTES of it (10).
# A finding ends it, with its seed; it becomes an `@example` of its test.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${FUZZ_MINUTES:-10}
end=$((SECONDS + minutes * 60))
python=.venv/bin/python

if "$python" -c 'import atheris' 2>/dev/null; then
  targets=(splitter config stderr broker jpeg duration url password)
  each=$((minutes * 30 / ${#targets[@]}))
  for target in "${targets[@]}"; do
    echo "fuzz: $target for $each s"
    "$python" scripts/fuzz.py "$target" -max_total_time="$each" -verbosity=0
  done
else
  echo "fuzz: atheris is not installed (pip install atheris), so only the property tests"
fi

echo "fuzz: ten thousand sequences of faults"
EDGE_VIDEO_SEQUENCES=10000 "$python" -m pytest -q -p no:cacheprovider \
  tests/actors/test_random_faults.py

echo "fuzz: a thousand courses of reloads"
EDGE_VIDEO_RELOAD_COURSES=1000 "$python" -m pytest -q -p no:cacheprovider \
  tests/actors/test_random_reloads.py

echo "fuzz: ten thousand schedules of faults against the leases of a cluster"
"$python" -m edge_video.testing.lease_model --schedules 10000

round=0
while [ $SECONDS -lt $end ]; do
  round=$((round + 1))
  seed=$((RANDOM * 32768 + RANDOM))
  echo "fuzz: property tests, round $round: --hypothesis-seed=$seed"
  "$python" -m pytest -q -p no:cacheprovider -n "${WORKERS:-3}" -m hypothesis \
    --hypothesis-profile=explore --hypothesis-seed="$seed"
done
echo "fuzz: nothing found in $round rounds"
