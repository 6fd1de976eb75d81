#!/usr/bin/env bash
# Makes the second set of programs that the tests run against: Debian trixie's RabbitMQ 4.0 and
# FFmpeg 7.1, in a folder of its own (mmdebstrap; 30 s, 650 MB), beside the machine's own. Idempotent.
# Prints the folder. Needs root, or sudo without a password; says what to do without.
#
# The folder is $EDGE_VIDEO_MATRIX, else edge-video/trixie in the user's cache. FFmpeg is started
# through DIR/edge-video/bin/ffmpeg, which needs no root. With --if-possible a machine that cannot
# make it is told so, and is no failure.
set -euo pipefail

folder=${EDGE_VIDEO_MATRIX:-${XDG_CACHE_HOME:-$HOME/.cache}/edge-video/trixie}
made=$folder/edge-video/made
here=$(cd "$(dirname "$0")" && pwd)

give_up() {
  echo "matrix: $1" >&2
  echo "matrix: nothing will be tested against RabbitMQ 4.0 and FFmpeg 7.1." \
    "Run scripts/make-matrix-root.sh as root on a Debian or Ubuntu machine." >&2
  [ "${if_possible:-}" ] && exit 0
  exit 1
}

[ "${1:-}" = --if-possible ] && if_possible=yes
if [ -e "$made" ]; then
  echo "$folder"
  exit 0
fi
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || give_up "this is no Debian or Ubuntu on amd64"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || give_up "this user is not root, and may not become it"
  as_root=(sudo -n)
fi

# One at a time; who waited finds it made.
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
if [ -e "$made" ]; then
  echo "$folder"
  exit 0
fi

# Debian's own mirror as apt knows it; Ubuntu's has no trixie.
mirror=
if grep -q '^ID=debian' /etc/os-release; then
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
    /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]*).*/\3/p' |
    grep -E '/debian/?$' | head -n 1) || true
fi
mirror=${mirror:-http://deb.debian.org/debian}
eval "$(apt-config shell proxy Acquire::http::Proxy)"
[ -z "${proxy:-}" ] || export http_proxy=$proxy

"$here/install-system-packages.sh" mmdebstrap debian-archive-keyring >&2 ||
  give_up "mmdebstrap is missing"
echo "matrix: making $folder from $mirror, once: half a minute" >&2
new=$folder.new
"${as_root[@]}" rm -rf "$new"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Unpacked and not set up, which nothing of it needs: that would be two thirds of the time.
shell=base-files,base-passwd,bash,coreutils,dash,findutils,gawk,grep,hostname,libc-bin,sed,util-linux
"${as_root[@]}" env ${http_proxy:+http_proxy=$http_proxy} mmdebstrap --mode=root --variant=extract \
  --format=directory --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  --include=rabbitmq-server,ffmpeg,python3,$shell trixie "$new" "$mirror" >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  give_up "mmdebstrap failed"
}
"${as_root[@]}" sh -ec "cd '$new/etc'
  echo '127.0.0.1 localhost' >hosts
  echo 'hosts: files dns' >nsswitch.conf
  cp ../usr/share/base-passwd/passwd.master passwd"

# FFmpeg by its own loader, with its own libraries: no chroot, so files and sockets are where they
# are, and the process is FFmpeg's own. A copy of the loader bears the name that `ps` shows.
libraries=$folder/usr/lib/x86_64-linux-gnu
"${as_root[@]}" mkdir -p "$new/edge-video/bin" "$new/edge-video/loader"
for program in ffmpeg ffprobe; do
  "${as_root[@]}" cp "$new/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" \
    "$new/edge-video/loader/$program"
  "${as_root[@]}" tee "$new/edge-video/bin/$program" >/dev/null <<END
#!/bin/sh
exec $folder/edge-video/loader/$program --argv0 $program --library-path \\
  $libraries:$libraries/blas:$libraries/lapack:$libraries/pulseaudio \\
  $folder/usr/bin/$program "\$@"
END
  "${as_root[@]}" chmod 755 "$new/edge-video/bin/$program"
done
"${as_root[@]}" sh -c "rm -f '$new'/var/cache/apt/archives/*.deb; touch '$new/edge-video/made'"
"${as_root[@]}" rm -rf "$folder"
"${as_root[@]}" mv "$new" "$folder"
echo "$folder"
