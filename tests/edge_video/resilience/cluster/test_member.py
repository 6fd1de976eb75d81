"""One node among several: whom it hears, what it announces, when it gives a camera away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.resilience.cluster import (
    Announcement,
    CameraAction,
    CameraTerms,
    ClusterMember,
    Holder,
    LeasePolicy,
    LeaseState,
    Moment,
    Owned,
    SendAnnouncement,
)
from edge_video.resilience.cluster.terms import (
    CaptureStreaming,
    PublishToken,
    StartCapture,
    Subscribe,
    TokenDelivered,
    Unsubscribe,
)

if TYPE_CHECKING:
    from edge_video.resilience.cluster.member import MemberAction

CAMERAS = ("door", "gate", "hall", "yard")


class MemberScenario:
    """A node whose queues hand it everything that it publishes: nobody else is in line."""

    def __init__(self, node: str = "edge-a") -> None:
        self.now_s = 0.0
        terms = {name: CameraTerms("same", LeasePolicy()) for name in CAMERAS}
        self.member = ClusterMember(Holder(node, "1"), terms, self.now)
        self.announced: list[Announcement] = []
        self.actions: list[MemberAction] = []
        self.others: list[Announcement] = []
        self._tags = 0

    @property
    def now(self) -> Moment:
        return Moment(self.now_s, 1_800_000_000_000 + round(self.now_s * 1000))

    def run(self, seconds: float) -> None:
        """Let time pass, with the others' announcements every two seconds."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += 0.5
            if self.now_s % 2.0 == 0.0:
                for each in self.others:
                    self.did(self.member.on_announcement(each, self.now))
            self.did(self.member.tick(self.now))

    def did(self, actions: list[MemberAction]) -> None:
        for each in actions:
            self.actions.append(each)
            match each:
                case SendAnnouncement(announcement):
                    self.announced.append(announcement)
                case CameraAction(camera, PublishToken(token)) if self.is_subscribed(camera):
                    self._tags += 1
                    event = TokenDelivered(token, self._tags)
                    self.did(self.member.on_camera(camera, event, self.now))
                case CameraAction(camera, StartCapture()):
                    self.did(self.member.on_camera(camera, CaptureStreaming(), self.now))
                case _:
                    pass

    def count(self, kind: type) -> int:
        return sum(
            isinstance(each, CameraAction) and isinstance(each.action, kind)
            for each in self.actions
        )

    def is_subscribed(self, camera: str) -> bool:
        return self.member.leases[camera].is_subscribed

    def owned(self) -> list[str]:
        return [name for name, each in self.member.leases.items() if each.state is LeaseState.OWNER]


def other(node: str = "edge-b", **keys: object) -> Announcement:
    return Announcement(
        holder=Holder(node, "7"),
        cameras=dict.fromkeys(CAMERAS, "same"),
        **keys,  # type: ignore[arg-type]
    )


def test_a_node_listens_before_it_takes_anything_and_alone_it_takes_everything() -> None:
    node = MemberScenario()
    node.did(node.member.connected(node.now))

    node.run(3.5)
    assert node.count(Subscribe) == 0
    node.run(3.0)
    assert node.owned() == list(CAMERAS)
    assert set(node.announced[-1].owned) == set(CAMERAS)


def test_of_two_nodes_each_knocks_where_it_is_the_better_one() -> None:
    node = MemberScenario()
    node.others = [other()]
    node.did(node.member.connected(node.now))

    node.run(7.0)

    assert len(node.owned()) == 2
    assert node.count(Subscribe) == 4
    best = node.member.membership.ranks
    assert all(best[name][0] == "edge-a" for name in node.owned())


def test_a_node_that_is_silent_for_seven_seconds_is_gone() -> None:
    node = MemberScenario()
    node.others = [other()]
    node.did(node.member.connected(node.now))
    node.run(20.0)
    node.others = []

    node.run(5.0)
    assert any(node.member.membership.others)
    node.run(2.5)
    assert not node.member.membership.others
    assert all(each.rank == 1 for each in node.member.leases.values())


def test_a_camera_goes_home_after_half_a_minute_when_its_best_node_waits_in_line() -> None:
    node = MemberScenario()
    node.did(node.member.connected(node.now))
    node.run(70.0)
    node.others = [other()]
    node.run(40.0)
    assert node.count(Unsubscribe) == 0, "nobody waits there"

    node.others = [other(waiting=frozenset(CAMERAS))]
    node.run(2.5)
    assert node.count(Unsubscribe) == 1
    node.run(2.0)
    assert node.count(Unsubscribe) == 2
    assert len(node.owned()) == 2
    assert all(node.member.leases[name].is_capturing for name in CAMERAS), "until others stream"


def test_a_standby_goes_to_the_end_of_the_line_once_for_each_ranking() -> None:
    node = MemberScenario()
    node.others = [other(), other("edge-c")]
    node.did(node.member.connected(node.now))
    waiting = Owned(10**15, is_streaming=True)
    node.others[0] = other(owned=dict.fromkeys(CAMERAS, waiting))
    node.run(36.0)
    before = node.count(Unsubscribe)

    node.run(60.0)

    assert before > 0
    assert node.count(Unsubscribe) == before


def test_a_node_that_leaves_says_so_gives_all_away_and_has_left_when_others_stream() -> None:
    node = MemberScenario()
    node.others = [other()]
    node.did(node.member.connected(node.now))
    node.run(10.0)
    mine = node.owned()

    node.did(node.member.leave(node.now))
    assert node.announced[-1].is_leaving
    assert set(node.announced[-1].owned) == set(mine)
    assert {each.state for each in node.member.leases.values()} > {LeaseState.OUT}
    streams = Owned(10**15, is_streaming=True)
    node.did(node.member.on_announcement(other(owned=dict.fromkeys(mine, streams)), node.now))

    assert node.member.has_left
    assert node.member.last_announcement().is_last


def test_a_camera_out_of_reach_is_announced_for_a_day_or_until_it_streams() -> None:
    node = MemberScenario()
    node.did(node.member.connected(node.now))
    node.run(10.0)
    node.member.unreachable("door", node.now)
    node.run(4.0)
    assert node.announced[-1].unreachable == {"door"}

    node.did(node.member.on_camera("door", CaptureStreaming(), node.now))
    node.run(4.0)
    assert node.announced[-1].unreachable == frozenset()


def test_a_camera_still_out_of_reach_after_a_day_is_announced_once_more() -> None:
    node = MemberScenario()
    node.did(node.member.connected(node.now))
    node.run(10.0)
    node.member.unreachable("door", node.now)
    node.now_s += 25 * 3600.0
    node.run(4.0)
    assert node.announced[-1].unreachable == frozenset()

    node.member.unreachable("door", node.now)
    node.run(4.0)
    assert node.announced[-1].unreachable == {"door"}


def test_another_definition_of_a_camera_is_told_and_moves_nothing() -> None:
    node = MemberScenario()
    node.others = [other()]
    node.did(node.member.connected(node.now))
    node.run(10.0)
    owned = node.owned()

    changed = {**dict.fromkeys(CAMERAS, "same"), "door": "other"}
    theirs = {name: Owned(10**15, is_streaming=True) for name in CAMERAS if name not in owned}
    node.others = [Announcement(holder=Holder("edge-b", "7"), cameras=changed, owned=theirs)]
    node.run(60.0)

    assert node.member.membership.differing() == {"door": ("edge-b",)}
    assert node.owned() == owned


def test_two_machines_with_one_name_are_noticed() -> None:
    node = MemberScenario()
    node.others = [other("edge-a")]
    node.did(node.member.connected(node.now))
    node.run(10.0)

    assert node.member.membership.namesakes() == 1


def test_without_a_connection_nothing_is_announced_and_time_costs_nothing() -> None:
    node = MemberScenario()
    node.did(node.member.connected(node.now))
    node.run(10.0)
    told = len(node.announced)

    node.did(node.member.disconnected(node.now))
    node.run(60.0)

    assert len(node.announced) == told
    assert node.member.due_s() is None
    assert all(each.is_capturing for each in node.member.leases.values())


def test_a_camera_of_others_is_ignored() -> None:
    node = MemberScenario()
    heard = Announcement(
        holder=Holder("edge-b", "7"),
        cameras={"pier": "x"},
        owned={"pier": Owned(5, is_streaming=True)},
    )

    assert node.member.on_announcement(heard, node.now) == []
