#!/usr/bin/env bash
# The tests that need a broker or FFmpeg, against each set of both: the machine's own (Debian
# bookworm: RabbitMQ 3.10, FFmpeg 5.1), trixie's (4.0, 7.1; made first, see make-matrix-root.sh) and
# the FFmpeg of the imageio-ffmpeg package (9). Arguments go to pytest. Fails when one set does: as in
# `make unit`, what failed beside others is tried once more, by itself, and counts if it fails again.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$PWD/.venv/bin/python
root=$(scripts/make-matrix-root.sh)
newest=$(mktemp -d)
failures=$(mktemp -d)
trap 'rm -rf "$newest" "$failures"' EXIT
ln -s "$("$python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" \
  "$newest/ffmpeg"

export EDGE_VIDEO_REQUIRE_ALL=1 EDGE_VIDEO_PARTS=own
failed=0
summary=()

# run NAME PATH-PREFIX BROKER MARKERS [PYTEST-ARGUMENT ...]: fails with pytest.
run() {
  local name=$1 prefix=$2 broker=$3 markers=$4 code=0 said
  shift 4
  said=$(mktemp)
  echo "matrix: $name"
  PATH=$prefix${prefix:+:}$PATH EDGE_VIDEO_RABBITMQ=$broker \
    "$python" -m pytest -q -o cache_dir="$failures" -m "$markers" "$@" 2>&1 | tee "$said" || code=$?
  [ "$code" -eq 5 ] && code=0 # nothing was selected
  summary+=("$(printf '%-48s %s' "$name" "$(tail -n 1 "$said")")")
  rm -f "$said"
  return "$code"
}

# both NAME PATH-PREFIX BROKER MARKERS [PYTEST-ARGUMENT ...]: in parallel, then what must be alone.
both() {
  local name=$1 prefix=$2 broker=$3 markers=$4 code=0
  shift 4
  run "$name" "$prefix" "$broker" "($markers) and not alone" \
    -n "${WORKERS:-3}" --dist loadfile "$@" || code=$?
  if [ "$code" -eq 1 ]; then # tests have failed: anything else is no matter of the load
    code=0
    run "$name, again" "$prefix" "$broker" "($markers) and not alone" --last-failed "$@" || code=$?
  fi
  [ "$code" -eq 0 ] || failed=1
  rm -rf "$failures"
  run "$name, alone" "$prefix" "$broker" "($markers) and alone" "$@" || failed=1
}

both "the machine's RabbitMQ and FFmpeg" "" installed "rabbitmq or ffmpeg or rtsp" "$@"
both "RabbitMQ 4.0, FFmpeg 7.1" "$root/edge-video/bin" 4.0 "rabbitmq or ffmpeg or rtsp" "$@"
both "FFmpeg 9" "$newest" installed "ffmpeg or rtsp" "$@"

printf 'matrix: %s\n' "${summary[@]}"
exit "$failed"
