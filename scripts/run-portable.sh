#!/usr/bin/env bash
# Runs tests with what other systems than Linux have in place of its own, one kind of system after
# the other: with process groups and pipes that can be waited for (macOS), and without (Windows).
set -euo pipefail
cd "$(dirname "$0")/.."
pytest=${1:-.venv/bin/pytest}

tests=(tests/edge_video/runtime/test_reactor.py tests/edge_video/capture/test_process.py)
if [ "${2:-}" = short ]; then
  chosen="test_reactor or drained or survives_our_own_sigkill or table_lists or time_to_end"
else
  chosen="test_reactor or test_process or test_capture or stops_in_order or frozen_ffmpegs"
  chosen+=" or killing_the_program or motion_jpeg_camera"
  tests+=(tests/edge_video/capture/test_capture.py)
  tests+=(tests/end_to_end/test_program.py tests/end_to_end/test_sources.py)
fi
for kind in posix 1; do
  echo "portable: EDGE_VIDEO_PORTABLE=$kind"
  EDGE_VIDEO_PORTABLE=$kind "$pytest" -q "${tests[@]}" -k "$chosen"
done
