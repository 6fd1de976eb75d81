"""Which redirects are followed: on the camera itself, and to its TLS."""

from __future__ import annotations

import pytest

from edge_video.capture.snapshot.origin import followed, origin_of
from edge_video.capture.snapshot.trouble import NoPictureError
from edge_video.resilience.failures import Cause
from edge_video.text.urls import split_url


@pytest.mark.parametrize(
    ("url", "location", "where"),
    [
        ("http://cam/a", "/b?c=1", "http://cam/b?c=1"),
        ("http://cam/a/b", "c", "http://cam/a/c"),
        ("http://cam/a", "http://CAM:80/b", "http://cam:80/b"),
        ("http://cam/a", "https://cam/a", "https://cam/a"),
        ("http://cam:8080/a", "https://cam:8080/a", "https://cam:8080/a"),
        ("http://[fe80::1]/a", "https://[fe80::1]/a", "https://[fe80::1]/a"),
        ("https://cam/a", "//cam/b", "https://cam/b"),
        ("http://cam/a", "http://other:name@cam/b", "http://cam/b"),
    ],
)
def test_a_redirect_is_followed_on_the_camera_and_to_its_tls(
    url: str, location: str, where: str
) -> None:
    assert followed(url, location) == where


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://cam/a", "http://other/a"),
        ("http://cam/a", "http://cam:81/a"),
        ("http://cam/a", "https://cam:8443/a"),
        ("http://cam:8080/a", "https://cam/a"),
        ("https://cam/a", "http://cam/a"),
        ("http://cam/a", "ftp://cam/a"),
        ("http://cam/a", "http://[cam/a"),
        ("http://cam/a", "http://cam:99999/a"),
        ("http://cam/a", "http://\udcfc/a"),
    ],
)
def test_a_redirect_to_anybody_else_is_not(url: str, location: str) -> None:
    with pytest.raises(NoPictureError) as raised:
        followed(url, location)
    assert raised.value.failure.cause is Cause.REDIRECTED


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://cam/a", "cam"),
        ("http://cam:80/a", "cam"),
        ("https://cam:443/a", "cam"),
        ("https://cam:80/a", "cam:80"),
        ("http://[fe80::1]:8080/a", "[fe80::1]:8080"),
    ],
)
def test_the_usual_port_is_not_named_in_the_host_header(url: str, host: str) -> None:
    assert origin_of(split_url(url)).host_header == host
