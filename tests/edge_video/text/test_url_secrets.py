"""What of a URL is shown: what is known to be harmless, and nothing else."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.text.redact import Redactor
from edge_video.text.url_secrets import is_harmless, looks_like_token, mask_url, secrets_in_url

# URLs of devices as their manuals give them: nothing in them is secret.
OPEN_URLS = [
    "rtsp://10.0.0.5:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1",
    "rtsp://10.0.0.5/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif",
    "rtsp://h/axis-media/media.amp?videocodec=h264&resolution=640x480&fps=10&camera=1",
    "rtsp://h/h264Preview_01_main",
    "rtsp://h/profile2/media.smp",
    "rtsp://h/live/ch00_0",
    "rtsp://h/onvif1",
    "rtsp://h/rtsp_live0",
    "rtsp://h/MediaInput/h264/stream_1",
    "rtsp://h/avstream/channel=1/stream=0.sdp",
    "rtsp://h/ISAPI/Streaming/channels/102/httpPreview",
    "rtsp://h/PSIA/Streaming/channels/2?videoCodecType=MPEG4",
    "http://h/mjpg/video.cgi?resolution=320x240&compression=30",
    "http://h/api/stream.mjpeg?src=door",
    "http://h/snap.cgi?user=admin@shop.example&chn=1",
    "http://h/x?live",
    "rtmp://h/live",
    "rtmp://h/cam1",
    "rtsp://h/live/ch:1",
    "http://h/login/live",
    "file:///video/pw=x.mp4",
    "lavfi:testsrc2=size=640x360:rate=15",
]


@pytest.mark.parametrize("url", OPEN_URLS)
def test_what_is_known_to_be_harmless_is_shown(url: str) -> None:
    assert mask_url(url) == url
    assert list(secrets_in_url(url)) == []


@pytest.mark.parametrize(
    ("url", "masked", "secret"),
    [
        ("rtsp://h/a?pw=hunter2", "rtsp://h/a?pw=***", "hunter2"),
        ("rtsp://h/a?zzz=hunter2&channel=1", "rtsp://h/a?zzz=***&channel=1", "hunter2"),
        ("rtsp://h/a?hunter2", "rtsp://h/a?***", "hunter2"),
        ("rtsp://h/a#hunter2", "rtsp://h/a#***", "hunter2"),
        ("rtsp://h/zzz=hunter2&channel=1", "rtsp://h/zzz=***&channel=1", "hunter2"),
        ("rtsp://h/user=a_password=b1c2_channel=1", "rtsp://h/user=a_password=***", "b1c2"),
        ("rtsps://h:7441/3OpTzLlN2LxgHkJ6?enableSrtp", "rtsps://h:7441/***?enableSrtp",
         "3OpTzLlN2LxgHkJ6"),
        ("rtmp://h/live/abcd-efgh", "rtmp://h/live/***", "abcd-efgh"),
        ("rtmps://h/app/a/b?x=1", "rtmps://h/app/***/***?x=***", ""),
        ("http://h/550e8400-e29b-41d4-a716-446655440000/x", "http://h/***/x",
         "550e8400-e29b-41d4-a716-446655440000"),
        ("http://h/s;jsessionid=F00BA4", "http://h/s;jsessionid=***", "F00BA4"),
        ("http://h/s?src=rtsp://u:p4ss@h/x", "http://h/s?src=***", "rtsp://u:p4ss@h/x"),
        ("http://h/s?channel=eyJhbGciOiJIUzI1NiJ9", "http://h/s?channel=***",
         "eyJhbGciOiJIUzI1NiJ9"),
        ("http://h/s?a%3D=b%20c", "http://h/s?a%3D=***", "b c"),
        ("rtsp://u:p4ss@h/a?zzz=me@x", "rtsp://u:***@x", "p4ss"),
        ("rtsp://h/0/admin:hunter2/main", "rtsp://h/0/admin:***/main", "hunter2"),
        ("rtsp://h/live/user:hunter2", "rtsp://h/live/user:***", "hunter2"),
        ("rtsp://h/s?user=admin:hunter2", "rtsp://h/s?user=***", "admin:hunter2"),
        ("rtsp://h/token/hunter2/live", "rtsp://h/token/***/live", "hunter2"),
        ("rtsp://h/Admin/hunter2/ch1/main", "rtsp://h/Admin/***/ch1/main", "hunter2"),
        ("rtsp://h/s;hunter2", "rtsp://h/s;***", "hunter2"),
        # UniFi Protect: sixteen letters and digits by lot, at times no digit among them.
        ("rtsps://h:7441/uIRVmPKbVDRZkzsq?ch=1", "rtsps://h:7441/***?ch=1", "uIRVmPKbVDRZkzsq"),
        ("rtmp://h/hunter2", "rtmp://h/***", "hunter2"),
    ],
)  # fmt: skip
def test_what_nobody_knows_is_hidden_whatever_it_is_called(
    url: str, masked: str, secret: str
) -> None:
    assert mask_url(url) == masked
    assert mask_url(masked) == masked
    assert secret in {*secrets_in_url(url), ""}


@pytest.mark.parametrize("value", ["live", "main", "1080", "8080", "true"])
def test_a_common_word_is_hidden_in_its_place_and_nowhere_else(value: str) -> None:
    assert mask_url(f"rtsp://h/a?zzz={value}") == "rtsp://h/a?zzz=***"
    assert list(secrets_in_url(f"rtsp://h/a?zzz={value}")) == []
    assert value in list(secrets_in_url(f"rtsp://h/a?pwd={value}"))


@pytest.mark.parametrize(
    "word",
    [
        *("Streaming", "h264Preview_01_main", "axisMediaStreamHigh", "12"),
        *("getMyIPCamHDStream", "videoCodecTypeOfStream", "ISAPIStreamingChannels", "mjpgCGIVideo"),
    ],
)
def test_a_name_that_somebody_gave_is_no_token(word: str) -> None:
    assert not looks_like_token(word)


names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,12}\Z").filter(
    lambda name: not is_harmless(name, "")
)
# Texts that nothing around them contains.
secrets = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(
    lambda text: f"Q{text}Z"
)


FORMS = [
    "rtsp://h/a?{}={}",
    "rtsp://u:p@h/a?fps=1&{}={}&rate=2",
    "http://h/a?{}={}#live",
    "rtsp://h/{}={}",
    "rtmp://h/live/{}{}",
]


@given(names, secrets, st.sampled_from(FORMS))
def test_no_value_shows_whatever_its_name_and_whatever_it_is(
    name: str, secret: str, form: str
) -> None:
    encoded = quote(secret, safe="")
    for written in {encoded, encoded.lower(), quote(secret) if "?" in form else encoded}:
        masked = mask_url(form.format(name, written))
        assert written not in masked
        assert not {"Q", "Z"} & set(masked.replace(f"{name}=", ""))


@settings(deadline=None)
@given(names, secrets.filter(lambda secret: len(secret) > 5), st.sampled_from(FORMS[:-1]))
def test_a_redactor_that_knows_the_url_masks_the_value_in_any_words(
    name: str, secret: str, form: str
) -> None:
    redact = Redactor(secrets_in_url(form.format(name, quote(secret, safe=""))))
    for written in (secret, quote(secret, safe=""), quote(secret), quote(secret, safe="").lower()):
        line = redact(f"before {written} after")
        assert written not in line
        assert line == "before *** after"
