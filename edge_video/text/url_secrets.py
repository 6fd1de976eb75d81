"""Finds what may be a secret in a URL, whatever it is called there. Pure.

A parameter is shown only when its name is known to be harmless; for a name that nobody knows may
stand for a password. Which of the hidden parts are also looked for elsewhere, in FFmpeg's output
say, is a second question: `?view=live` must not turn every "live" of a log into `***`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

from edge_video.text.urls import LOCAL_SCHEMES, SCHEME_IN_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK: Final = "***"

# From the first colon to the last @: which of several @ ends the password is often undecidable,
# user names are e-mail addresses at times, and showing too little is the smaller harm.
_USER: Final = re.compile(rf"{SCHEME_IN_TEXT}://[^:]*:")
_NETWORK: Final = re.compile(rf"(?P<scheme>{SCHEME_IN_TEXT})://[^/?#]*")
_SECRET_WORD: Final = r"(?:passw(?:or)?d|passphrase|passwort|senha|pwd|secret|token|credential)"  # noqa: S105 - names, no secret
NOT_MASKED: Final = r"(?!\*\*\*(?:[:,.)\s&;#]|$))"
"""What is masked already stays as it is, with the colon behind it."""
SECRET_PARAMETER: Final = re.compile(
    rf"((?<![A-Za-z0-9])[A-Za-z0-9.\-]{{0,40}}{_SECRET_WORD}[\w.\-]{{0,40}}=)"
    rf"(?P<value>{NOT_MASKED}[^&;#\s\"'<>]*)",
    re.IGNORECASE,
)
"""A parameter whose name says so, wherever it stands: in a path, in a sentence, behind a _."""
_SECRET_NAME: Final = re.compile(
    rf".*{_SECRET_WORD}.*"
    # Words that only a whole name, or its last part, makes a secret.
    r"|(?:.*[.\-_])?(?:login|usr|user|auth|api|access|private|stream|play|session|ticket)?"
    r"(?:key|pass|pas|psw|pswd|pw|pin|auth|signature|sig|sign|hash|jwt|ticket|session|sid|code)",
    re.IGNORECASE | re.DOTALL,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMLESS_NAMES: Final = _words(
    """
    acodec action audio audiocodec bitrate brightness buffer cam camera ch chan channel
    channelid chid chn clock cmd codec color colorlevel compression container contrast date
    duration enablesrtp encoder encoding endtime flip fmt format fps framerate gop h height iframe
    index input inst instance keepalive keyframe lang language latency layer live login
    loginuse mirror mode motion multicast overlay port preset profile proto protocol q
    quality range rate realstream region res resolution rotate rotation rtsptransport sdp
    size snap snapshot source src starttime stream streamindex streamno streamnumber
    streamprofile streamtype sub substream subtype tcp time timeout track trackid tracktype
    transport transportmode type udp unicast user username usr v vcodec ver version video
    videocodec videocodectype view w width zoom
    """
)
_USER_NAMES: Final = _words("login loginuse user username usr")
_ACCOUNTS: Final = ("admin", "administrator", "root")
"""Segments of a path that a password may follow: `/admin/secret/main`."""
_HARMLESS_VALUE: Final = re.compile(r"[\w.,:*@+ \-]{0,40}")
_COMMON_WORDS: Final = _words(
    """
    app audio bcs both cam camera cameras channel default false feed flv h264 h265 hevc high
    hls http https jpeg live low main media mjpeg mjpg mobile mpeg4 multicast none null off
    onvif play primary profile realmonitor rtmp rtsp secondary stream streaming streams sub
    test true udp unicast video vod yes
    """
)
_JOINED: Final = re.compile(r"(?<=_)[A-Za-z][A-Za-z0-9.\-]{0,40}(?==)")
_SHORTEST_TOKEN: Final = 12
_LONG_TOKEN: Final = 24
_HEX_TOKEN: Final = 16
_MIXED: Final = 4
"""Changes between capitals, small letters and digits from which on a word is nobody's word."""
_SHUFFLED: Final = 6
"""Turns of capitals and small letters from which on they were drawn by lot, where none is long."""
_SHORT_TURNS: Final = 2.3
_MAX_COUNT: Final = 7
"""Digits of a number that may as well be a size, a port or a count."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Marks a part of a URL that is not shown.

    Attributes:
        start: of the part in the URL.
        end: behind it.
        secrets: what of it is a secret wherever it stands, and not in this place only.
    """

    start: int
    end: int
    secrets: tuple[str, ...]


def mask_url(url: str) -> str:
    """Return the URL with `***` for its password and for whatever else may be a secret.

    The user name stays. The password ends at the *last* `@`, so odd passwords (`@ : / ?`) never
    show; the price is that a path with an `@` in it may be hidden with them. What is no network
    URL comes back unchanged, except for parameters that are called like a secret.
    """
    password = _password(url)
    masked = url if password is None else f"{url[: password[0]]}{MASK}{url[password[1] :]}"
    parts, end = [], 0
    for part in _hidden_parameters(masked):
        parts += [masked[end : part.start], MASK]
        end = part.end
    return "".join(parts) + masked[end:]


def secrets_in_url(url: str) -> Iterator[str]:
    """Yield every hidden part of a URL that is a secret, as written and percent-decoded."""
    texts = [url]
    password = _password(url)
    if password is not None:
        hidden = url[slice(*password)]
        # Both readings of a password with a raw slash in it: see `mask_url`.
        for reading in (hidden, re.split(r"[/?#]", hidden, maxsplit=1)[0].rpartition("@")[0]):
            if reading:
                yield reading
                yield unquote(reading)
        # The rest as it stands and as mask_url sees it: an @ may stand in a parameter's value.
        texts.append(url[: url.find("://") + 3] + url[password[1] + 1 :])
    for text in texts:
        for part in _hidden_parameters(text):
            for secret in part.secrets:
                yield from {secret, unquote(secret), unquote_plus(secret)}


def _password(url: str) -> tuple[int, int] | None:
    """Where a password begins and ends, if there is one."""
    match = _USER.search(url)
    end = url.rfind("@")
    return None if match is None or end < match.end() else (match.end(), end)


def is_harmless(name: str, value: str) -> bool:
    """Tell whether a parameter may be shown."""
    plain = _plain(name)
    if plain in _USER_NAMES and ":" in value:  # and a password
        return False
    return (
        plain in _HARMLESS_NAMES
        and _HARMLESS_VALUE.fullmatch(value) is not None
        and not looks_like_token(value)
    )


def _plain(name: str) -> str:
    return re.sub(r"[.\-_\d]", "", name).lower()


def is_secret_name(name: str) -> bool:
    """Tell whether a parameter, a header or an option is called like a secret."""
    return _SECRET_NAME.fullmatch(name) is not None


def looks_like_token(word: str) -> bool:
    """Tell whether a word is too mixed, or too long a number, to be a name that people give."""
    run = max(re.findall(r"[A-Za-z0-9]+", word), key=len, default="")
    compact = re.sub(r"[-_.~]", "", word)
    if len(compact) >= _HEX_TOKEN and re.fullmatch(r"[0-9A-Fa-f]+", compact):
        return True
    if _is_shuffled(run):
        return True
    if not re.search(r"\d", word) or not re.search(r"[A-Za-z]", word):
        return False
    if len(run) >= _LONG_TOKEN:
        return True
    return len(run) >= _SHORTEST_TOKEN and _changes(run) >= _MIXED


def _is_shuffled(run: str) -> bool:
    """Whether capitals and small letters take turns faster than in `videoOnDemandStream`."""
    turns = _changes(run) + 1
    return len(run) >= _SHORTEST_TOKEN and turns >= _SHUFFLED and len(run) <= _SHORT_TURNS * turns


def _changes(word: str) -> int:
    kinds = ["0" if each.isdigit() else "A" if each.isupper() else "a" for each in word]
    return sum(one != other for one, other in pairwise(kinds))


def _hidden_parameters(url: str) -> Iterator[Hidden]:
    """What is hidden behind the host, in order."""
    network = _NETWORK.match(url)
    if network is None or network["scheme"].lower() in LOCAL_SCHEMES:
        for match in SECRET_PARAMETER.finditer(url):
            yield Hidden(*match.span("value"), (match["value"],))
        return
    query = re.search(r"[?#]", url[network.end() :])
    path_end = len(url) if query is None else network.end() + query.start()
    yield from _in_path(url[:path_end], network)
    for token in re.finditer(r"[^?&;#]+", url[path_end:]):
        yield from _in_token(token[0], path_end + token.start(), is_bare_hidden=True)


def _in_path(url: str, network: re.Match[str]) -> Iterator[Hidden]:
    """A path's segments: one of a secret's name (`/token/…`) makes a secret of the next.

    Of an RTMP URL's, all that follows the application is the key; a lone one may be the key itself.
    """
    segments = list(re.finditer(r"[^/]+", url[network.end() :]))
    is_rtmp = network["scheme"].lower().startswith("rtmp")
    before = ""
    for depth, segment in enumerate(segments):
        start = network.end() + segment.start()
        if is_rtmp and depth > 0:
            yield Hidden(start, start + len(segment[0]), _free(segment[0]))
        else:
            follows = is_secret_name(before) or before in _ACCOUNTS
            is_suspect = follows or (is_rtmp and len(segments) == 1)
            yield from _in_segment(segment[0], start, is_suspect=is_suspect)
        before = segment[0].lower()


def _in_segment(segment: str, start: int, *, is_suspect: bool) -> Iterator[Hidden]:
    """A segment of a path, and its parameters behind `;` or `&`."""
    for token in re.finditer(r"[^&;]+", segment):
        is_hidden = is_suspect or token.start() > 0
        yield from _in_token(token[0], start + token.start(), is_bare_hidden=is_hidden)


def _in_word(word: str, start: int, *, is_hidden: bool) -> Iterator[Hidden]:
    """A word alone, or a pair as in `/0/admin:secret/main`."""
    name, colon, value = word.partition(":")
    is_pair = colon and value and (_plain(name) in _USER_NAMES or not is_harmless(name, value))
    if is_pair and not is_hidden:
        yield Hidden(start + len(name) + 1, start + len(word), _free(value))
        return
    is_named = re.sub(r"[.\-_\d]|sdp$", "", word).lower() in _HARMLESS_NAMES | _COMMON_WORDS
    if word != MASK and (looks_like_token(word) or (is_hidden and not is_named)):
        yield Hidden(start, start + len(word), _free(word))


def _in_token(token: str, start: int, *, is_bare_hidden: bool) -> Iterator[Hidden]:
    """One `name=value`, several joined by underscores (`user=a_password=b`), or a word alone."""
    end = start + len(token)
    if "=" not in token:
        yield from _in_word(token, start, is_hidden=is_bare_hidden)
        return
    names = [re.match(r"[^=]*", token), *_JOINED.finditer(token)]
    for name, following in zip(names, [*names[1:], None], strict=True):
        assert name is not None
        value_end = len(token) if following is None else following.start() - 1
        value = token[name.end() + 1 : value_end]
        if not is_harmless(name[0], value):
            # To the end: what follows an underscore may belong to the secret.
            at = name.end() + 1
            secrets = {value, token[at:]}
            if not is_secret_name(name[0]):
                secrets = {each for word in secrets for each in _free(word)}
            yield Hidden(start + at, end, tuple(sorted(secrets - {"", MASK})))
            return


def _free(value: str) -> tuple[str, ...]:
    """Return a value of unknown meaning, unless it is a common word or a count."""
    word = value.lower()
    is_common = word in _COMMON_WORDS or (word.isdigit() and len(word) <= _MAX_COUNT)
    return () if is_common or value in ("", MASK) else (value,)
