"""Texts in two languages: their facts, and English words that were left in the Portuguese."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_PROSE: Final = re.compile(
    r"""
    \{[^}]*\}                # facts
    | \$\S+
    | "[^"]*" | `[^`]*`      # what is to be typed
    | \S*(?:://|/)\S*        # addresses and paths
    | \bedge-video\ (?:[a-z]+|-m)\b | rabbitmqctl\ .*? (?=;|$) | getent\ \w+   # commands
    | -{1,2}[a-z][\w-]*(?::v\b)?   # options
    | \b\w+_[\w{}]*          # keys of the configuration, codes of AMQP
    | \b[a-z]\w*:(?=\s[a-z])    # mode: passthrough
    | \b\w+\.\w[\w.]*           # amqp.url
    """,
    re.VERBOSE,
)


def placeholders(template: str) -> set[str]:
    """The names of the facts in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def filled(template: str) -> str:
    """The text with a fact of no language in each place."""
    names = sorted(placeholders(template))
    return template.format(**{name: f"⟨{number}⟩" for number, name in enumerate(names)})


def words(text: str) -> set[str]:
    """The words of the prose in a text, in lower case: no facts, keys, addresses, quotes."""
    return {each.lower() for each in _WORD.findall(_NOT_PROSE.sub(" ", text))}


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """Every word of these texts."""
    return frozenset(word for text in texts for word in words(text))


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHARED: Final = _words_of(
    """
    a as compare configure cores digital do e final for id interface item literal local manual max
    no normal o real remove se serve terminal total use virtual volume zero é
    """
)
"""Words of both languages."""

TERMS: Final = _words_of(
    """
    amqp api ascii axis backoff bash basic bindings boot breaker breakers broker browser
    buffer bytes cb cgroup chmod circuit codec confirms content-type cpu digest dns driver edge
    edge-video exchange feed ffmpeg firewall firmware fish fps frame frames gb gc gcs guest
    handshake hardware header headers heartbeat host html http imageio ip ipv javascript
    journal jpeg json kernel key keys kib lavfi cpuquota limitnofile link log login mb md min mjpeg
    motion node online passthrough path pika pillow pipe pixels port proxy publisher python
    qop rabbitmq ram reactor root routing rtsp runtime script shell shtab sighup sigint
    sigterm smart socket status stream streams substream sudo supervisor systemd tab tags tcp
    thread threads timer tls token tokens topic transcode udp ulimit umask unit uri url utf vhost
    video watch web windows www-authenticate yaml zsh
    exchanges inodes kb libzimg ntp tz tzdata uninstall utc zscale
    cluster fleet
    avif bmp gif heic httpcore multipart png snapshot webp
    httpx https huffman loopback multicast onvif pictures uplink vpns
    """
)
"""Terms that Brazilian operators use in English, names, and units."""

CODES: Final = _words_of(
    """
    a-z address at bak c cameras carriage centro cert closed completion ctrl day directory editor en
    avif bmp commands gif heic httpcore multipart openssl png rand snapshot user webp
    enter env eof esc f false file h half height hn hwaccel i ids init install interno line listen
    lock m max-channels monday ms n name none ns ok open p password percent pgdn pgup pip
    ping sha sigabrt sigbus sigill sigkill sigsegv unicode
    profiles pt-br q qsv run s schema top transport true type u uninstall us username vaapi width x
    """
)
"""Keys and values of the configuration, states, codes and abbreviations."""

LAYOUT: Final = (
    *("Calls", "Changes", "FFmpeg Read", "Frame Decode", "Publishing", "FPS Target"),
    *("CPU Usage", "RAM Usage", "RAM Total", "RAM Used", "Memory (Python runtime)"),
    *("antes de retry", "CB:", "Circuit Breaker", "'out of memory'", "Exec format error"),
)
"""What the user's own layouts say in English, and what is to be searched for."""


def english_words(text: str, english: frozenset[str]) -> set[str]:
    """Words of a Portuguese text that are of the `english` vocabulary and of no other."""
    for fixed in LAYOUT:
        text = text.replace(fixed, " ")
    return (words(text) & english) - SHARED - TERMS - CODES
