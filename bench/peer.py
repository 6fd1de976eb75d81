"""Other ways of doing the same work, each as most people write it: a thread per camera.

`python -m bench.peer WAY BROKER_URL FFMPEG CAMERAS` reads scripted cameras (`opencv`: the URLs
named in CAMERAS, separated by commas, which it decodes itself) and publishes until it is killed.
Ten times a second it prints how many frames there were.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

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


def follow_by_opencv(url: str, source: str, camera_id: str, count: list[int]) -> None:
    cv2: Any = importlib.import_module("cv2")  # an optional package

    publish = publisher("pika", url)
    capture: Any = cv2.VideoCapture(source)
    due_s = 0.0
    while capture.grab():
        now_s = time.monotonic()
        if now_s < due_s - 0.5 / FPS:
            continue
        due_s = max(now_s - 1 / FPS, due_s) + 1 / FPS
        ok, picture = capture.retrieve()
        if ok:
            _, image = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
            publish(camera_id, image.tobytes())
            count[0] += 1


def main() -> None:
    way, url, ffmpeg, cameras = sys.argv[1:5]
    sources = cameras.split(",") if way == "opencv" else [""] * int(cameras)
    for number, source in enumerate(sources):
        count = [0]
        counts.append(count)
        camera_id = f"cam{number}"
        arguments: tuple[Any, ...] = (way, url, ffmpeg, camera_id, count)
        target: Any = follow
        if way == "opencv":
            target, arguments = follow_by_opencv, (url, source, camera_id, count)
        threading.Thread(target=target, args=arguments, daemon=True).start()
    while True:
        print(sum(count for (count,) in counts), flush=True)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
