"""Runs the commands of docs/recipes on the tests' own brokers, as they stand there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from edge_video.testing.rabbit import RabbitNode, free_port
from tests.support.shell_blocks import ROOT, blocks_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_video.testing.matrix import BrokerPrograms

IS_MATRIX: Final = os.environ.get("EDGE_VIDEO_PARTS") == "own"

IN_THE_MATRIX: Final = pytest.mark.skipif(not IS_MATRIX, reason="`make matrix` runs it")
"""Marks a test of what no change of this program breaks."""

PAGES: Final = tuple(sorted((ROOT / "docs/recipes").glob("*.md")))

_OF_THE_MATRIX: Final = ("rabbitmq_federation", "rabbitmq_shovel", "rabbitmq_stream")

PLUGINS: Final = ("rabbitmq_mqtt", *(_OF_THE_MATRIX if IS_MATRIX else ()))
"""All that the recipes enable, so that one node is enough for them."""

BROKER: Final = "amqp://user:password@broker:5672"
"""How the pages write the broker's address, without the virtual host."""


class ToolError(AssertionError):
    """One of RabbitMQ's programs has failed."""


class RecipeNode(RabbitNode):
    """A node with the plugins of the recipes.

    Args:
        root: its folder.
        programs: which RabbitMQ.
    """

    def __init__(self, root: Path, programs: BrokerPrograms) -> None:
        self.mqtt_port = free_port()
        settings = [f"mqtt.listeners.tcp.1 = 127.0.0.1:{self.mqtt_port}"]
        if "rabbitmq_stream" in PLUGINS:  # without it the node does not know its setting
            settings.append(f"stream.listeners.tcp.1 = 127.0.0.1:{free_port()}")
        super().__init__(
            root,
            tls=False,
            programs=programs,
            plugins=PLUGINS,
            settings=settings,
        )

    def tool(self, name: str, *arguments: str) -> str:
        """Run one of RabbitMQ's programs on this node, as it is; its standard output.

        Raises:
            ToolError: it has failed.
        """
        done = subprocess.run(
            [*self.programs.command(name, self.root), *arguments],
            env=self._files.environment() | self.programs.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise ToolError(f"{name} {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    @property
    def address(self) -> str:
        """An AMQP URL without the virtual host, as `BROKER` is."""
        return f"amqp://guest:guest@{self.host}:{self.port}"


class At(NamedTuple):
    """A broker of a recipe, which may be a virtual host that stands for one."""

    node: RecipeNode
    vhost: str = "/"


def text_of(page: str, part: str = "") -> str:
    """A page, or what stands below one of its headings."""
    (path,) = (each for each in PAGES if each.name == page)
    text = path.read_text(encoding="utf-8")
    return text.partition(f"\n## {part}\n")[2].partition("\n## ")[0] if part else text


def commands_of(page: str, part: str = "") -> list[str]:
    """The commands of a page, or of a part of it, that are run, in its order."""
    blocks = blocks_in(page, text_of(page, part))
    return [command for block in blocks for command in block.to_run]


class Recipe:
    """One page, whose commands are run one after the other, each of them once.

    Args:
        page: its file's name.
        part: the heading of the part that is tried; empty: all of it.
        node: the broker that `rabbitmqctl` and the addresses of the page mean.
        folder: where commands are run, as if it were the checkout's.
        addresses: what else of the page stands for what.
    """

    def __init__(
        self,
        page: str,
        part: str,
        node: RecipeNode,
        folder: Path,
        addresses: Mapping[str, str],
    ) -> None:
        self._left = commands_of(page, part)
        self._node = node
        self._folder = folder
        self._addresses = {BROKER: node.address, **addresses}
        (folder / "examples").symlink_to(ROOT / "examples")

    def run(self, start: str, at: At | None = None) -> str:
        """Run the next command, which begins like that; what it printed.

        A plugin is enabled already: only its name is looked at.

        Args:
            start: of the command.
            at: the broker beside which it is run; None: the only one.
        """
        command = self._left.pop(0)
        assert command.startswith(start), f"the next command of the page is {command}"
        for written, meant in self._addresses.items():
            command = command.replace(written, meant)
        program, *arguments = shlex.split(command)
        if program == "rabbitmq-plugins":
            assert arguments[0] == "enable"
            assert set(arguments[1:]) <= set(PLUGINS)
            return ""
        if program == "python":
            return self._python(*arguments)
        return self._tool(program, arguments, at or At(self._node))

    def run_unless_busy(self, start: str, undone_by: str) -> str:
        """Run the next command; where it fails, as its page says that it may, do what that says.

        Args:
            start: of the command.
            undone_by: the start of the page's command after which it is given once more.
        """
        command = self._left[0]
        try:
            return self.run(start)
        except ToolError:
            undo = next(each for each in self._left if each.startswith(undone_by))
            program, *arguments = shlex.split(undo)
            self._tool(program, arguments, At(self._node))
        self._left.insert(0, command)
        return self.run(start)

    def undo(self, command: str, at: At) -> None:
        """Take back what a command of the page did: an argument of `rabbitmqctl`."""
        self._tool("rabbitmqctl", command.split(), at)

    def _tool(self, program: str, arguments: list[str], at: At) -> str:
        where = [] if at.vhost == "/" else ["--vhost", at.vhost]
        return at.node.tool(program, arguments[0], *where, *arguments[1:])

    def is_done(self) -> bool:
        """Whether no command of the page was left out."""
        return not self._left

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
