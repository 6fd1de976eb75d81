"""Other ways of doing the same work, each as most people write it: a thread per camera.

`python -m bench.peer WAY BROKER_URL FFMPEG CAMERAS` reads scripted cameras and publishes until it
is killed. `opencv` and `pyav` read the URLs named in CAMERAS, separated by commas, and decode them;
`opencv:74` encodes at quality 74. Ten times a second it prints how many frames there were.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any, Final

import pika

from bench.rig import EXCHANGE, FPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

counts: list[list[int]] = []


def frames_of(pipe: IO[bytes]) -> Iterator[bytes]:
    """Cut FFmpeg's `mpjpeg` by its lengths."""
    while line := pipe.readline():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
            pipe.readline()
            yield pipe.read(length)


def blocking(url: str, *, confirms: bool) -> Callable[[str, bytes], None]:
    """The plain way with pika, a BlockingConnection."""
    channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
    channel.exchange_declare(EXCHANGE, "topic", durable=True)
    if confirms:
        channel.confirm_delivery()

    def publish(camera_id: str, image: bytes) -> None:
        headers = {"camera_id": camera_id, "timestamp": time.time_ns()}
        properties = pika.BasicProperties(
            content_type="image/jpeg", delivery_mode=1, headers=headers
        )
        channel.basic_publish(EXCHANGE, camera_id, image, properties)

    return publish


def by_kombu(url: str) -> Callable[[str, bytes], None]:
    """The plain way with kombu, a Producer on py-amqp."""
    kombu: Any = importlib.import_module("kombu")  # an optional package

    connection = kombu.Connection(url)
    exchange = kombu.Exchange(EXCHANGE, "topic", durable=True)
    producer = kombu.Producer(connection.channel(), exchange)

    def publish(camera_id: str, image: bytes) -> None:
        producer.publish(
            image,
            routing_key=camera_id,
            content_type="image/jpeg",
            content_encoding="binary",
            delivery_mode=1,
            headers={"camera_id": camera_id, "timestamp": time.time_ns()},
        )

    return publish


def publisher(way: str, url: str) -> Callable[[str, bytes], None]:
    """A connection of its own for each camera, as such programs have."""
    if way == "kombu":
        return by_kombu(url)
    return blocking(url, confirms=way == "pika-confirms")


def follow(way: str, url: str, ffmpeg: str, camera_id: str, count: list[int]) -> None:
    publish = publisher(way, url)
    with subprocess.Popen([ffmpeg], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for image in frames_of(process.stdout):
            publish(camera_id, image)
            count[0] += 1


def pictures_by_opencv(source: str, quality: int) -> Iterator[bytes]:
    """What is due of a stream is retrieved, converted to BGR, and encoded."""
    cv2: Any = importlib.import_module("cv2")  # an optional package
    # One thread for the decoder, as we have it: each more makes a picture dearer.
    capture: Any = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    due = Due()
    while capture.grab():
        if due.now():
            ok, picture = capture.retrieve()
            if ok:
                _, image = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
                yield image.tobytes()


def pictures_by_pyav(source: str, quality: int) -> Iterator[bytes]:
    """What is due of a stream is brought to the full range, and encoded plane by plane."""
    av: Any = importlib.import_module("av")  # an optional package
    numpy: Any = importlib.import_module("numpy")
    simplejpeg: Any = importlib.import_module("simplejpeg")  # an optional package

    container = av.open(source, options={"rtsp_transport": "tcp"})
    stream = container.streams.video[0]
    stream.thread_count = 1
    due = Due()
    for picture in container.decode(stream):
        if due.now():
            planes = [
                numpy.ascontiguousarray(
                    numpy.frombuffer(each, numpy.uint8).reshape(each.height, each.line_size)[
                        :, : each.width
                    ]
                )
                for each in picture.reformat(format="yuvj420p").planes
            ]
            yield simplejpeg.encode_jpeg_yuv_planes(*planes, quality=quality)


DECODING: Final[dict[str, Callable[[str, int], Iterator[bytes]]]] = {
    "opencv": pictures_by_opencv,
    "pyav": pictures_by_pyav,
}


class Due:
    """Says which pictures are due, at the benchmark's rate."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def now(self) -> bool:
        """Whether a picture that has come now is one of them."""
        now_s = time.monotonic()
        if now_s < self._next_s - 0.5 / FPS:
            return False
        self._next_s = max(now_s - 1 / FPS, self._next_s) + 1 / FPS
        return True


def decode(way: str, url: str, source: str, camera_id: str, count: list[int]) -> None:
    """Follow one stream: `way` is a name and its quality, `opencv:74`."""
    name, _, quality = way.partition(":")
    publish = publisher("pika", url)
    for image in DECODING[name](source, int(quality or 80)):
        publish(camera_id, image)
        count[0] += 1


def main() -> None:
    way, url, ffmpeg, cameras = sys.argv[1:5]
    decodes = way.partition(":")[0] in DECODING
    sources = cameras.split(",") if decodes else [""] * int(cameras)
    for number, source in enumerate(sources):
        count = [0]
        counts.append(count)
        camera_id = f"cam{number}"
        target: Any = decode if decodes else follow
        arguments = (way, url, source if decodes else ffmpeg, camera_id, count)
        threading.Thread(target=target, args=arguments, daemon=True).start()
    while True:
        print(sum(count for (count,) in counts), flush=True)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
