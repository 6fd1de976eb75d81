#!/usr/bin/env bash
# The quick tests (no broker, no FFmpeg, no camera) with other versions of what edge-video stands on:
#
#   lowest      the lowest versions of all dependencies (requirements/lowest.txt), with $PYTHON
#   python313   Debian trixie's Python 3.13, out of the folder of make-matrix-root.sh
#
# Each has an environment of its own, .venv-NAME, kept for the next time. Arguments after the name
# go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?usage: $0 lowest|python313 [PYTEST-ARGUMENT ...]}
shift
venv=$PWD/.venv-$name
python=$venv/bin/python
pip=("$PWD/.venv/bin/python" -m pip --python "$python" install --quiet --disable-pip-version-check)

case $name in
  lowest)
    [ -x "$python" ] || "${PYTHON:-python3}" -m venv --without-pip "$venv"
    pip+=(--constraint requirements/lowest.txt)
    ;;
  python313)
    # Python by its own loader, with its own libraries, as FFmpeg is started there. A folder that
    # looks like an environment tells it where its standard library is.
    root=$(scripts/make-matrix-root.sh)
    libraries=$root/usr/lib/x86_64-linux-gnu
    mkdir -p "$venv/bin" "$venv/lib/python3.13/site-packages"
    printf 'home = %s\ninclude-system-site-packages = false\n' "$root/usr/bin" >"$venv/pyvenv.cfg"
    cp "$libraries/ld-linux-x86-64.so.2" "$venv/bin/loader"
    cat >"$python" <<END
#!/bin/sh
exec $venv/bin/loader --argv0 "\$0" --library-path $libraries $root/usr/bin/python3.13 "\$@"
END
    chmod 755 "$python"
    ;;
  *)
    echo "no such set of versions: $name" >&2
    exit 2
    ;;
esac

"${pip[@]}" --editable '.[unit]'
"$python" - <<'END'
import sys
from importlib.metadata import version
names = ("pykka", "pika", "pydantic", "starlette", "uvicorn")
print(f"Python {sys.version.split()[0]}:", ", ".join(f"{name} {version(name)}" for name in names))
END
# The schema in config/ is the newest pydantic's; what waits long, and mypy, is left to `make unit`.
exec "$python" -m pytest -q -p no:cacheprovider -n "${WORKERS:-2}" --dist loadfile \
  -m "not alone and not slow and not rabbitmq and not ffmpeg and not rtsp" \
  --deselect tests/edge_video/config/test_model.py::test_the_schema_is_current \
  --ignore tests/edge_video/config/test_mistakes.py \
  --ignore tests/edge_video/config/test_url_mistakes.py \
  --ignore tests/edge_video/config/test_user_types.py \
  "$@" tests/actors tests/edge_video tests/test_public_face.py
