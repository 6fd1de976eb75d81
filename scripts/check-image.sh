#!/usr/bin/env bash
# Carries out the Containerfile's own lines in a folder and runs the result as a container would: a
# read-only root, the image's user, no capability, /tmp and the volume alone to be written to, as
# PID 1 of its own namespace. No container engine is needed; root is, and Debian's debootstrap, which
# fetches Debian 13 once (edge-video/trixie-slim in the user's cache). Two minutes.
#
# It proves that the lines work, not that an engine builds the same: layers, labels and the digest
# of the base image are not looked at.
#
# The first argument is the Python that has dockerfile-parse.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath --no-symlinks "${1:?usage: $0 PYTHON}")
base=${EDGE_VIDEO_IMAGE_BASE:-${XDG_CACHE_HOME:-$HOME/.cache}/edge-video/trixie-slim}

if [ "${2:-}" != --inside ]; then
  [ "$(id -u)" -eq 0 ] || {
    echo "image: this needs root: mounts and another user" >&2
    exit 1
  }
  if [ ! -e "$base" ]; then
    scripts/install-system-packages.sh debootstrap debian-archive-keyring >&2
    rm -rf "$base.new"
    mkdir -p "$(dirname "$base")"
    debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
      trixie "$base.new" "${EDGE_VIDEO_MIRROR:-http://deb.debian.org/debian}" >&2
    mv "$base.new" "$base"
  fi
  exec unshare --mount --propagation private "$0" "$python" --inside
fi

work=$(mktemp -d)
trap 'umount --lazy --recursive "$work"; rm -rf "$work"' EXIT
# Everything lies on a disk of its own, so that what is left of it goes with the namespace.
mount -t tmpfs -o size="${EDGE_VIDEO_IMAGE_SIZE:-3g}" image "$work"

# What .dockerignore lets through, as a builder would send it.
mkdir "$work/context" "$work/wheels"
"$python" scripts/image_context.py . "$work/context"
# The packages are fetched outside, by the machine's own pip and its settings.
"$python" -m pip download --quiet --disable-pip-version-check --dest "$work/wheels" \
  --python-version 3.13 --only-binary :all: --constraint requirements/image.txt \
  "setuptools>=77" wheel "$work/context"
PIP_FIND_LINKS=$work/wheels PIP_NO_INDEX=1 \
  "$python" scripts/build_image_root.py Containerfile "$work/context" "$base" "$work/build"

# As the image says, and as docs/container.md says to start it.
unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
  "$python" scripts/run_image_root.py "$work/build"
