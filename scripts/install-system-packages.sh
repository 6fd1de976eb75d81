#!/usr/bin/env bash
# Installs packages of Debian or Ubuntu: those that are named, else what the tests need (FFmpeg,
# RabbitMQ, iproute2 for slow networks, systemd for its analysis of the unit, GStreamer's RTSP
# server, Prometheus for promtool, Chromium with its driver, curl for the documents' commands).
# Installs only what is missing; needs root or sudo for that, and says what to do without.
set -euo pipefail

packages=("$@")
[ $# -gt 0 ] || packages=(
  ffmpeg
  rabbitmq-server
  python3-gi
  gir1.2-gst-rtsp-server-1.0
  gstreamer1.0-plugins-base
  gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly
  prometheus
  iproute2
  systemd
  curl
  chromium
  chromium-driver
  fonts-dejavu-core
)

if ! command -v dpkg-query >/dev/null; then
  echo "system packages: this is neither Debian nor Ubuntu. Install by hand: FFmpeg," \
    "RabbitMQ 3.10 or later, GStreamer's RTSP server with its Python bindings, promtool, and" \
    "Chromium with chromedriver." >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "system packages: all there"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "system packages: missing, and this user may not install them: ${missing[*]}" >&2
    echo "Run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi

# One at a time: dpkg lets nobody in beside, and the policy below is one file.
lock=${XDG_CACHE_HOME:-$HOME/.cache}/edge-video/packages.lock
mkdir -p "$(dirname "$lock")"
exec 8>"$lock"
flock 8

echo "system packages: installing ${missing[*]}"
# The tests start a RabbitMQ node of their own; Debian's service must not start with its package.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -q update
"${as_root[@]}" apt-get -q install --yes --no-install-recommends "${missing[@]}"
echo "system packages: installed"
