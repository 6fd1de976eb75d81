"""What of FFmpeg's arguments is shown."""

from __future__ import annotations

import base64

import pytest

from edge_video.text.argument_secrets import mask_arguments, secrets_in_arguments

PAIR = base64.b64encode(b"admin:hunter2").decode()


@pytest.mark.parametrize(
    ("arguments", "masked", "secrets"),
    [
        (["-headers", "Authorization: Basic " + PAIR], ["-headers", "Authorization: ***"],
         {PAIR, "hunter2", "admin:hunter2"}),
        (["-headers", "User-Agent: x\r\nX-Key: k3y1\r\n"],
         ["-headers", "User-Agent: x\r\nX-Key: ***\r\n"], {"k3y1"}),
        (["-headers", "X-Key: k3y1\\r\\nAccept: a/b"], ["-headers", "X-Key: ***\\r\\nAccept: a/b"],
         {"k3y1"}),
        (["-headers", "no header at all"], ["-headers", "***"], {"no header at all"}),
        (["-headers", "Referer: http://h/?x=k3y1"], ["-headers", "Referer: http://h/?x=***"],
         {"k3y1"}),
        (["-cookies", "sid=c00k1e; path=/; domain=h"], ["-cookies", "***"], {"c00k1e"}),
        (["-decryption_key", "00ff"], ["-decryption_key", "***"], {"00ff"}),
        (["-srtp_in_params", "abcd"], ["-srtp_in_params", "***"], {"abcd"}),
        (["-passphrase", "p4ss"], ["-passphrase", "***"], {"p4ss"}),
        (["-http_proxy", "http://u:p4ss@h:3128"], ["-http_proxy", "http://u:***@h:3128"], {"p4ss"}),
        (["-rtmp_playpath", "k3y1"], ["-rtmp_playpath", "***"], {"k3y1"}),
        (["-rtmp_app", "live/k3y1"], ["-rtmp_app", "***"], {"live/k3y1"}),
    ],
)  # fmt: skip
def test_what_may_be_a_secret_is_hidden(
    arguments: list[str], masked: list[str], secrets: set[str]
) -> None:
    assert mask_arguments(arguments) == tuple(masked)
    assert secrets <= set(secrets_in_arguments(arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-rtsp_flags", "prefer_tcp"],
        ["-user_agent", "Mozilla/5.0", "-analyzeduration", "1000000", "-an"],
        ["-auth_type", "basic", "-key_file", "/etc/key.pem", "-tls_verify", "1"],
        ["-skip_frame", "nokey", "-flags", "+low_delay", "-itsoffset", "-1.5"],
    ],
)
def test_other_arguments_stay_as_they_are(arguments: list[str]) -> None:
    assert mask_arguments(arguments) == tuple(arguments)
    assert list(secrets_in_arguments(arguments)) == []
