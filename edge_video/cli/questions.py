"""Asks for what `init` needs to know, on a terminal."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_video.cli.standard_streams import print_error
from edge_video.config.skeleton import DEFAULT_BROKER, DEFAULT_LISTEN, Answers, Source
from edge_video.text.catalog import Language, lookup

if TYPE_CHECKING:
    from collections.abc import Callable

NONE: Final = "none"
"""The answer, and the value of an option, for what is not wanted."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Asks until an answer is one that a configuration can have.

    Attributes:
        problem_of: says what is wrong with answers; None when nothing is.
        ask: prints a question and returns the line that is typed.
        ask_secretly: the same, and the line is not shown.
        say: prints what is wrong with an answer.
    """

    problem_of: Callable[[Answers], str | None]
    ask: Callable[[str], str] = input
    ask_secretly: Callable[[str], str] = getpass.getpass
    say: Callable[[str], None] = print_error

    def language(self, answers: Answers) -> Answers:
        """Ask in which language to go on."""
        given = self._answer(answers, "language", answers.language.value)
        is_portuguese = given.replace("_", "-").casefold().startswith("pt")
        return replace(answers, language=Language.PT_BR if is_portuguese else Language.EN)

    def broker(self, answers: Answers) -> Answers:
        """Ask where frames go."""
        while True:
            url = self._answer(answers, "broker", DEFAULT_BROKER)
            source = None if url == NONE else self._with_credentials(answers, Source(url))
            if self._is_right(found := replace(answers, broker=source)):
                return found

    def cameras(self, answers: Answers) -> Answers:
        """Ask for one camera after the other, until one has no address."""
        while True:
            kind = "next_camera" if answers.cameras else "first_camera"
            url = self._answer(answers, kind)
            if not url:
                return answers
            camera_id = self._answer(answers, "id", f"cam{len(answers.cameras) + 1}")
            source = self._with_credentials(answers, Source(url))
            found = replace(answers, cameras=(*answers.cameras, (camera_id, source)))
            if self._is_right(found):
                answers = found

    def page(self, answers: Answers) -> Answers:
        """Ask whether and where the page is served."""
        while True:
            given = self._answer(answers, "http", DEFAULT_LISTEN)
            found = replace(answers, listen=None if given == NONE else given)
            if self._is_right(found):
                return found

    def passwords(self, answers: Answers) -> Answers:
        """Ask for the passwords of those who were named without one."""
        cameras = tuple(
            (camera_id, self._with_password(answers, source, of=camera_id))
            for camera_id, source in answers.cameras
        )
        broker = answers.broker and self._with_password(answers, answers.broker, of="RabbitMQ")
        return replace(answers, broker=broker, cameras=cameras)

    def _with_credentials(self, answers: Answers, source: Source) -> Source:
        """Ask for user and password where a network address names none."""
        if source.is_network and source.known_username is None:
            source = replace(source, username=self._answer(answers, "username") or None)
        return self._with_password(answers, source)

    def _with_password(self, answers: Answers, source: Source, of: str = "") -> Source:
        if source.known_username is None or source.has_password:
            return source
        question = lookup("init.ask.password", answers.language)
        shown = f"{of}: {question}: " if of else f"{question}: "
        return replace(source, password=self.ask_secretly(shown))

    def _answer(self, answers: Answers, key: str, default: str = "") -> str:
        question = lookup(f"init.ask.{key}", answers.language)
        shown = f"{question} [{default}]: " if default else f"{question}: "
        return self.ask(shown).strip() or default

    def _is_right(self, answers: Answers) -> bool:
        problem = self.problem_of(answers)
        if problem is not None:
            self.say(lookup("init.not_so", answers.language).format(problem=problem))
        return problem is None
