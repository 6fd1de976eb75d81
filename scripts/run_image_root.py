"""Runs a root that `build_image_root.py` made, as a container would: for `check-image.sh`.

The image's user without a capability, a read-only root, /tmp and the volume to write to, PID 1 of a
namespace of its own. Ends with 1 and the log when something is not as the image promises.

    run_image_root.py WORK
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

CONFIG: Final = """
sink: {type: directory, path: frames, keep: 10}
http: {listen: "0.0.0.0:8080", token: a-token-of-the-check}
state: {dir: state}
log: {file: edge-video.log}
cameras: [{id: pattern, url: "lavfi:testsrc2=size=320x180:rate=10"}]
"""
_PATIENCE_S: Final = 90.0


class Image:
    """The root, and the command line that starts something in it.

    Args:
        described: what the builder wrote of the image.
    """

    def __init__(self, described: dict[str, Any]) -> None:
        self.root = Path(described["root"])
        self.described = described
        self.user, _, self.group = described["USER"].partition(":")
        self.volume = self.root / described["VOLUME"].lstrip("/")

    def mount(self) -> None:
        """Make the root read-only, but for what a container has to write to."""
        for place, mode in ((self.root / "tmp", 0o1777), (self.volume, 0o750)):
            _run("mount", "-t", "tmpfs", "-o", f"mode={mode:o}", "tmpfs", str(place))
        os.chown(self.volume, int(self.user), int(self.group))
        _run("mount", "-o", "remount,ro", str(self.root))

    def command(self, arguments: list[str]) -> list[str]:
        """How a container engine would start this; the network is the caller's."""
        environment = [f"{key}={value}" for key, value in self.described["env"].items()]
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', self.described["folder"]]
        return [
            *("unshare", "--fork", "--pid", "--kill-child", "--mount"),
            *(f"--root={self.root}", "--mount-proc", "env", "-i", *environment),
            *("setpriv", f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups"),
            *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
            *inside,
            *arguments,
        ]


def main() -> None:
    """Check it all, and say what was found."""
    work = Path(sys.argv[1])
    image = Image(json.loads((work / "image.json").read_text()))
    (image.root / "etc/edge-video/config.yaml").write_text(CONFIG)
    image.mount()
    entry = json.loads(image.described["ENTRYPOINT"])
    check_command = json.loads(image.described["HEALTHCHECK"].partition("CMD ")[2])
    for refused in (["touch", "/etc/x"], ["touch", "/opt/x"], ["cat", "/etc/shadow"]):
        if subprocess.run(image.command(refused), check=False, capture_output=True).returncode == 0:
            sys.exit(f"image: {refused} was possible")
    _run(*image.command([*entry, "--version"]))
    decoders = image.command(["ffmpeg", "-hide_banner", "-hwaccels"])
    printed = subprocess.run(decoders, capture_output=True, text=True, check=True).stdout
    if "vaapi" not in printed:
        sys.exit(f"image: FFmpeg has no vaapi: {printed}")
    _run_until_healthy(image, [*entry, *json.loads(image.described["CMD"])], check_command)
    _run(*image.command([*entry, "demo", "--seconds", "5"]), quiet=True)
    pictures = sorted(image.volume.glob("*frames/*/latest.jpg"))
    folders = [image.root / each for each in ("usr", "opt", "etc", "var/lib/dpkg")]
    size = subprocess.run(["du", "-scm", *folders], capture_output=True, text=True, check=True)
    total = size.stdout.splitlines()[-1].split()[0]
    print(f"image: {len(pictures)} cameras with pictures, files of {total} MB")
    if len(pictures) != 1 + 3:
        sys.exit("image: not the cameras that there should be")


def _run_until_healthy(image: Image, command: list[str], check_command: list[str]) -> None:
    """Run the image's command until its health check is content, then stop it as an engine does."""
    log = image.root.parent / "run.log"
    with log.open("w") as out:
        running = subprocess.Popen(image.command(command), stdout=out, stderr=out)
    try:
        pid_1 = _child_of(running.pid)
        join = ["nsenter", f"--target={pid_1}", "--pid", "--mount", "--root", "--wd"]
        inside = [*join, f"--setuid={image.user}", f"--setgid={image.group}", "env", "-i"]
        inside += [f"{key}={value}" for key, value in image.described["env"].items()]
        ends_at_s = time.monotonic() + _PATIENCE_S
        while subprocess.run(
            [*inside, *check_command], check=False, capture_output=True
        ).returncode:
            if time.monotonic() > ends_at_s or running.poll() is not None:
                sys.exit(f"image: never healthy:\n{log.read_text()}")
            time.sleep(0.5)
        while not (image.volume / "frames/pattern/latest.jpg").exists():
            if time.monotonic() > ends_at_s:
                sys.exit(f"image: no picture:\n{log.read_text()}")
            time.sleep(0.5)
        began_s = time.monotonic()
        os.kill(pid_1, 15)
        code = running.wait(_PATIENCE_S)
        took_s = time.monotonic() - began_s
        print(f"image: healthy, then stopped by SIGTERM with {code} in {took_s:.1f} s")
        if code != 0:
            sys.exit(f"image: it did not stop in order:\n{log.read_text()}")
    finally:
        running.kill()
        running.wait()


def _child_of(pid: int) -> int:
    """The process that is PID 1 inside."""
    for _ in range(100):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    sys.exit("image: nothing started")


def _run(*command: str, quiet: bool = False) -> None:
    done = subprocess.run(command, check=False, capture_output=quiet, text=True)
    if done.returncode:
        sys.exit(f"image: {command[-4:]} ended with {done.returncode}\n{done.stderr or ''}")


if __name__ == "__main__":
    main()
