"""How long a broker may owe an answer; a story with a clock of its own."""

from __future__ import annotations

from edge_video.delivery.amqp.in_flight import InFlight, Window
from edge_video.delivery.amqp.silence import BrokerSilence
from edge_video.frames import CameraId, Frame

SIZE = 1000


class WatchedConnection:
    """A connection that is watched once a second; time passes only by `wait`."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.silence = BrokerSilence(5.0, self.now_s)
        self.window: Window[InFlight] = Window()
        self.handed = self.acked = 0
        self.silence.ticked(self.now_s, 1.0)

    def wait(self, seconds: float, *, acking: int = 0) -> None:
        """Let time pass, in ticks of a second, in each of which TCP delivers so many bytes."""
        ends_s = self.now_s + seconds
        while self.now_s + 1.0 <= ends_s:
            self.now_s += 1.0
            acked = min(self.handed, self.acked + acking)
            moved, self.acked = acked > self.acked, acked
            self.silence.ticked(self.now_s, 1.0)
            self.silence.looked(self.window.oldest, acked, moved=moved, now_s=self.now_s)
        self.now_s = ends_s

    def publish(self, seq: int, *, size: int = SIZE) -> None:
        if self.window.oldest is None:
            self.silence.progressed(self.now_s)
        self.handed += size
        frame = Frame(CameraId("c"), seq, "s", bytes(size), 0, 0.0, 0, 0, 0)
        self.window.add(InFlight(frame, str(seq), "k", self.now_s, end=self.handed))

    def confirm(self, tag: int) -> None:
        self.window.settle(tag, multiple=False)
        self.silence.progressed(self.now_s)

    def complaint(self, round_trip_s: float = 0.0) -> str | None:
        return self.silence.of_frames(self.window.oldest, self.now_s, round_trip_s)


def test_silence_is_counted_from_the_oldest_unconfirmed_frame() -> None:
    watched = WatchedConnection()
    watched.wait(100)
    watched.publish(1)
    watched.wait(5)
    assert watched.complaint() is None
    watched.wait(0.1)
    assert watched.complaint() == "no confirm for 5 s"


def test_a_slow_uplink_that_keeps_confirming_is_not_given_up() -> None:
    watched = WatchedConnection()
    for seq in range(1, 9):
        watched.publish(seq)
    for tag in range(1, 9):
        watched.wait(4)
        assert watched.complaint() is None, f"frame {tag} took {4 * tag} s, and confirms flow"
        watched.confirm(tag)


def test_bytes_that_get_on_keep_a_connection_on_which_one_frame_takes_minutes() -> None:
    watched = WatchedConnection()
    watched.publish(1, size=200_000)
    for _ in range(200):
        watched.wait(1, acking=1000)
        assert watched.complaint() is None
    watched.wait(4)
    assert watched.complaint() is None, "it has just arrived, and has its time to be confirmed"
    watched.wait(2)
    assert watched.complaint() == "no confirm for 5 s"


def test_an_uplink_that_stops_in_the_middle_of_a_frame_is_noticed_in_time() -> None:
    watched = WatchedConnection()
    watched.publish(1, size=200_000)
    watched.wait(60, acking=1000)
    watched.wait(5)
    assert watched.complaint() is None
    watched.wait(1)
    assert watched.complaint() == "no confirm for 5 s"


def test_a_broker_that_hangs_and_still_takes_bytes_is_noticed_in_time() -> None:
    watched = WatchedConnection()
    for seq in range(1, 8):
        watched.publish(seq)
        watched.wait(1, acking=10 * SIZE)
    assert watched.complaint() == "no confirm for 5 s"


def test_one_frame_that_is_never_confirmed_does_not_keep_its_place_for_ever() -> None:
    watched = WatchedConnection()
    watched.publish(1)
    watched.wait(1, acking=SIZE)
    for seq in range(2, 14):
        watched.publish(seq)
        watched.wait(4, acking=SIZE)
        watched.confirm(seq)
    assert watched.complaint() is None
    watched.publish(14)
    watched.wait(4, acking=SIZE)
    watched.confirm(14)
    assert watched.complaint() == "a frame was not confirmed for 50 s"


def test_a_distant_broker_gets_two_round_trips_more() -> None:
    watched = WatchedConnection()
    watched.publish(1)
    watched.wait(12)
    assert watched.complaint(round_trip_s=4.0) is None
    watched.wait(2)
    assert watched.complaint(round_trip_s=4.0) == "no confirm for 5 s"


def test_an_exchange_that_gets_no_answer_is_silence_too() -> None:
    watched = WatchedConnection()
    since_s = watched.now_s + 1
    watched.wait(6)
    assert watched.silence.of_exchange("e", since_s, watched.now_s, 0.0) is None
    watched.wait(0.1)
    text = watched.silence.of_exchange("e", since_s, watched.now_s, 0.0)
    assert text == "no answer about exchange 'e' for 5 s"


def test_after_the_program_itself_stood_still_every_wait_begins_anew() -> None:
    watched = WatchedConnection()
    watched.publish(1)
    watched.wait(2)
    watched.now_s += 60
    assert watched.silence.ticked(watched.now_s, 1.0) == 59.0
    assert watched.complaint() is None
    watched.wait(5)
    assert watched.complaint() is None
    watched.wait(1)
    assert watched.complaint() == "no confirm for 5 s"
    assert watched.silence.ticked(watched.now_s + 1.2, 1.0) is None, "no more than a busy machine"
