"""A camera, or whoever answers in its place, makes FFmpeg open nothing but what it may.

Were the canary film ever read, frames would come; the canary text would stand in FFmpeg's words.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.capture.classification import classify
from edge_video.capture.command import capture_command
from edge_video.capture.source import SourceKind
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from tests.support.hostile import HostileServer, http_pages, http_reply, rtsp_reply
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

pytestmark = [pytest.mark.ffmpeg, EVERY_FFMPEG]

CANARY = "canary-71c2 root:x:0:0"
SECRET = "pw-5c1e"


def clip(path: Path, colour: str) -> Path:
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi"),
            *("-i", f"color={colour}:size=64x64:rate=10:duration=0.5", "-c:v", "mpeg2video"),
            str(path),
        ],
        check=True,
    )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`canary.ts`, a film nobody may see; `canary.txt`; and `public.ts`, what a camera shows."""
    folder = tmp_path_factory.mktemp("files")
    clip(folder / "canary.ts", "white")
    clip(folder / "public.ts", "black")
    (folder / "canary.txt").write_text(f"{CANARY}\n" * 20)
    return folder


class Outcome:
    """What FFmpeg, run as for a camera, gave to us."""

    def __init__(self, binary: Binary, url: str, **keys: Any) -> None:
        camera = CameraConfig(id="cam1", url=url, stall_timeout=2, **keys)
        done = subprocess.run(
            capture_command(binary, camera), capture_output=True, timeout=60, check=False
        )
        self.frames = done.stdout.count(b"--ffmpeg")
        self.words = done.stderr.decode(errors="replace")
        assert CANARY.encode() not in done.stdout
        assert CANARY not in self.words


def playlist(segment: str, before: str = "") -> bytes:
    return (
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"
        f"{before}#EXTINF:0.5,\n{segment}\n#EXT-X-ENDLIST\n"
    ).encode()


def film_of(file: Path, base_url: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-main:2011">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000">'
        f"<BaseURL>{base_url}{file}</BaseURL><SegmentBase/>"
        "</Representation></AdaptationSet></Period></MPD>"
    )


def session(port: int) -> bytes:
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"a=control:rtsp://127.0.0.1:{port}/all\r\n"
        "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        f"a=control:rtsp://127.0.0.1:{port}/track\r\n"
    ).encode()


def lures(folder: Path, other_port: int) -> dict[str, bytes]:
    """Replies that name what must not be opened, by path."""
    film, text = folder / "canary.ts", folder / "canary.txt"
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="file://{film}",IV=0x{0:032x}\n'
    text_key = f'#EXT-X-KEY:METHOD=AES-128,URI="file://{text}"\n'
    init = f'#EXT-X-MAP:URI="file://{film}"\n'
    public = f"http://127.0.0.1:{other_port}/public.ts"
    segments = {
        "file": f"file://{film}",
        "path": str(film),
        "concat": f"concat:{film}|{film}",
        "subfile": f"subfile,,start,0,end,0,,:{film}",
        "data": "data:video/mp2t;base64,R0AAEA==",
        "async": f"async:file:{film}",
        "cache": f"cache:file:{film}",
        "pipe": "pipe:0",
        "tcp": f"tcp://127.0.0.1:{other_port}",
        "gopher": f"gopher://127.0.0.1:{other_port}/1",
        "ftp": f"ftp://127.0.0.1:{other_port}/x.ts",
        "unix": f"unix:{film}",
    }
    return {
        **{f"/{name}.m3u8": http_reply(playlist(target)) for name, target in segments.items()},
        "/crypto.m3u8": http_reply(playlist(f"crypto+file://{film}", key)),
        "/key.m3u8": http_reply(playlist(public, text_key)),
        "/init.m3u8": http_reply(playlist(public, init)),
        "/master.m3u8": http_reply(
            f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nfile://{folder}/list.m3u8\n".encode()
        ),
        "/film.mpd": http_reply(film_of(film, "file://").encode()),
        "/script": http_reply(f"ffconcat version 1.0\nfile '{film}'\n".encode()),
        "/script.mp4": http_reply(f"ffconcat version 1.0\nfile 'file:{film}'\n".encode()),
        "/options": http_reply(
            f"ffconcat version 1.0\nfile {film}\noption safe 0\n".encode(),
            Content_Type="video/mp4",
        ),
        "/relative": http_reply(b"ffconcat version 1.0\nfile public.ts\n"),
        "/film.avs": http_reply(f'DirectShowSource("{film}")\n'.encode()),
        "/session": http_reply(session(other_port), Content_Type="application/sdp"),
        **{
            f"/to-{scheme}": http_reply(status="302 Found", Location=location)
            for scheme, location in {
                "file": f"file://{film}",
                "path": f"file:{film}",
                "concat": f"concat:{film}",
                "data": "data:video/mp2t;base64,R0AAEA==",
                "tcp": f"tcp://127.0.0.1:{other_port}",
                "rtsp": f"rtsp://127.0.0.1:{other_port}/x",
            }.items()
        },
    }


def test_no_reply_of_an_http_camera_opens_a_file_a_pipe_or_another_protocol(
    any_ffmpeg: Binary, folder: Path
) -> None:
    (folder / "list.m3u8").write_bytes(playlist(f"file://{folder}/canary.ts"))
    public = http_reply((folder / "public.ts").read_bytes())
    asked_elsewhere: dict[str, list[str]] = {}
    opened = []
    with HostileServer(http_pages({"/public.ts": public})) as other:
        pages = lures(folder, other.port)
        with HostileServer(http_pages(pages)) as camera:
            for path in pages:
                other.requests.clear()
                outcome = Outcome(any_ffmpeg, f"http://u:{SECRET}@127.0.0.1:{camera.port}{path}")
                assert any(path in each for each in camera.requests), "it was never asked"
                if outcome.frames:
                    opened.append((path, outcome.words))
                asked_elsewhere[path] = list(other.requests)
    assert opened == []
    # Another HTTP server may be asked, as for any playlist; nothing else may.
    assert {path for path, asked in asked_elsewhere.items() if asked} <= {"/key.m3u8", "/init.m3u8"}


def test_the_lures_would_work_without_the_lists(any_ffmpeg: Binary, folder: Path) -> None:
    """Else the test above would pass with an FFmpeg that cannot read the film at all."""
    lists = [
        "-protocol_whitelist",
        "file,http,tcp,concat,crypto",
        "-format_whitelist",
        "hls,mpegts",
    ]
    with HostileServer(http_pages(lures(folder, 1))) as camera:
        url = f"http://127.0.0.1:{camera.port}/file.m3u8"
        assert Outcome(any_ffmpeg, url, input_args=lists).frames >= 4


def test_a_redirect_and_a_playlist_to_another_host_are_followed_without_the_password(
    any_ffmpeg: Binary, folder: Path
) -> None:
    public = http_reply((folder / "public.ts").read_bytes())
    with HostileServer(http_pages({"/public.ts": public})) as other:
        target = f"http://127.0.0.1:{other.port}/public.ts"
        pages = {
            "/moved.ts": http_reply(status="302 Found", Location=target),
            "/list.m3u8": http_reply(playlist(target)),
        }

        def answer(request: str) -> bytes | None:
            if "Authorization: Basic" not in request:
                return http_reply(status="401 Unauthorized", WWW_Authenticate='Basic realm="cam"')
            return http_pages(pages)(request)

        with HostileServer(answer) as camera:
            for path in pages:
                url = f"http://u:{SECRET}@127.0.0.1:{camera.port}{path}"
                assert Outcome(any_ffmpeg, url).frames >= 4
    assert len(other.requests) >= 2
    assert not any("authorization" in request.lower() for request in other.requests)


def test_a_local_file_is_a_film_and_never_a_list_of_other_files(
    any_ffmpeg: Binary, folder: Path
) -> None:
    film = folder / "canary.ts"
    scripts = {
        "list.mp4": playlist(str(film)),
        "list.m3u8": playlist(str(film)),
        "script.mp4": f"ffconcat version 1.0\nfile {film.name}\n".encode(),
        "script.ffconcat": f"ffconcat version 1.0\nfile {film.name}\n".encode(),
        "session.mp4": session(1),
        "film.mpd": film_of(film, "").encode(),
        "film.avs": f'DirectShowSource("{film}")'.encode(),
        "web.m3u8": playlist("http://127.0.0.1:1/x.ts"),
    }
    for name, content in scripts.items():
        (folder / name).write_bytes(content)
        assert Outcome(any_ffmpeg, str(folder / name)).frames == 0, name
    assert Outcome(any_ffmpeg, str(folder / "public.ts")).frames >= 4


def greet(request: str) -> bytes | None:
    return rtsp_reply(request, Public="OPTIONS, DESCRIBE") if "OPTIONS" in request else None


def test_an_rtsp_redirect_leads_to_rtsp_only(any_ffmpeg: Binary, folder: Path) -> None:
    film = folder / "canary.ts"

    def redirect(location: str) -> HostileServer:
        return HostileServer(
            lambda request: (
                greet(request) or rtsp_reply(request, status="302 Moved", Location=location)
            )
        )

    with HostileServer(lambda request: greet(request) or rtsp_reply(request, status="404 X")) as to:
        for location in (
            f"file://{film}",
            f"concat:{film}",
            f"http://127.0.0.1:{to.port}/x",
            f"rtmp://127.0.0.1:{to.port}/x",
        ):
            with redirect(location) as camera:
                url = f"rtsp://u:{SECRET}@127.0.0.1:{camera.port}/x"
                assert Outcome(any_ffmpeg, url).frames == 0
            assert any(request.startswith("DESCRIBE") for request in camera.requests)
            assert to.requests == [], location
        with redirect(f"rtsp://127.0.0.1:{to.port}/y") as camera:
            Outcome(any_ffmpeg, f"rtsp://u:{SECRET}@127.0.0.1:{camera.port}/x")
        assert any(f"rtsp://127.0.0.1:{to.port}/y" in request for request in to.requests)


def test_a_session_description_that_points_elsewhere_is_asked_for_on_the_same_connection(
    any_ffmpeg: Binary,
) -> None:
    with HostileServer(greet) as other:

        def answer(request: str) -> bytes | None:
            base = f"rtsp://127.0.0.1:{other.port}/base/"
            if request.startswith("DESCRIBE"):
                return rtsp_reply(
                    request,
                    session(other.port),
                    Content_Type="application/sdp",
                    Content_Base=base,
                )
            if request.startswith("SETUP"):
                where = f"source=127.0.0.1;server_port={other.port}-{other.port}"
                return rtsp_reply(
                    request, Session="1", Transport=f"RTP/AVP/UDP;unicast;client_port=5-6;{where}"
                )
            return greet(request) or rtsp_reply(request)

        with HostileServer(answer) as camera:
            url = f"rtsp://u:{SECRET}@127.0.0.1:{camera.port}/x"
            assert Outcome(any_ffmpeg, url).frames == 0
        assert any(request.startswith("SETUP") for request in camera.requests)
    assert other.requests == []


@pytest.mark.parametrize(
    "name", ["-version", "-i", "-f lavfi", "a -y b.mp4", "%03d.ts", "|id", "$(id)", "concat:x"]
)
def test_a_name_is_one_argument_and_never_an_option(
    any_ffmpeg: Binary, folder: Path, name: str
) -> None:
    film = folder / name
    film.write_bytes((folder / "public.ts").read_bytes())
    camera = CameraConfig(id="cam1", url=f"file:{film}")
    assert capture_command(any_ffmpeg, camera).count(f"file:{film}") == 1
    assert Outcome(any_ffmpeg, f"file:{film}").frames >= 4


def test_every_kind_that_reads_from_outside_has_both_lists(any_ffmpeg: Binary) -> None:
    urls = {
        SourceKind.RTSP: "rtsp://h/x",
        SourceKind.RTMP: "rtmp://h/x",
        SourceKind.HTTP: "http://h/x",
        SourceKind.FILE: "/x.mp4",
    }
    assert {*urls, SourceKind.LAVFI} == set(SourceKind)
    for kind, url in urls.items():
        command = capture_command(any_ffmpeg, CameraConfig(id="c", url=url))
        before_input = command[: command.index("-i")]
        protocols = before_input[before_input.index("-protocol_whitelist") + 1].split(",")
        formats = before_input[before_input.index("-format_whitelist") + 1].split(",")
        assert ("file" in protocols) is (kind is SourceKind.FILE)
        assert not {"pipe", "concat", "data", "subfile", "async", "cache", "fd"} & set(protocols)
        assert not {"concat", "sdp", "avisynth", "vapoursynth", "lavfi", "imf"} & set(formats)
        assert ("hls" in formats) is (kind is SourceKind.HTTP)
        assert "udp" not in protocols


def test_the_cause_of_a_refused_lure_is_told(any_ffmpeg: Binary, folder: Path) -> None:
    page = http_reply(f"ffconcat version 1.0\nfile '{folder}/canary.ts'\n".encode())
    with HostileServer(http_pages({"/x": page})) as camera:
        words = Outcome(any_ffmpeg, f"http://127.0.0.1:{camera.port}/x").words
    failure = classify(1, words.splitlines(), any_frames=False)
    assert failure.cause is Cause.FORMAT_NOT_ALLOWED
    assert "not on whitelist" in failure.detail


def test_a_small_file_that_announces_an_enormous_picture_takes_no_memory_for_it(
    any_ffmpeg: Binary, folder: Path
) -> None:
    """A JPEG of 1.5 MB and 16000x16000: decoded, it takes FFmpeg a gigabyte."""
    bomb = folder / "bomb.jpg"
    if not bomb.exists():
        make = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=s=16000x16000"]
        subprocess.run([*make, "-frames:v", "1", "-q:v", "31", str(bomb)], check=True)
    with HostileServer(http_pages({"/bomb": http_reply(bomb.read_bytes())})) as camera:
        for url in (f"http://127.0.0.1:{camera.port}/bomb", str(bomb)):
            command = capture_command(any_ffmpeg, CameraConfig(id="c", url=url, stall_timeout=2))
            # 700 MB of address space: enough for everything but the picture.
            limited = ["prlimit", f"--as={700 * 2**20}", "--", *command]
            done = subprocess.run(limited, capture_output=True, timeout=60, check=False)
            failure = classify(
                done.returncode,
                done.stderr.decode().splitlines(),
                any_frames=b"--ff" in done.stdout,
            )
            assert failure.cause is Cause.PICTURE_TOO_LARGE
            assert "exceeds specified max pixel count" in failure.detail
