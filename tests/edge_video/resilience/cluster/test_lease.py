"""The lease of one camera on one node: its table of states, told as stories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.resilience.cluster import Handover, LeasePolicy, LeaseState, Token, Uncertain
from edge_video.resilience.cluster.terms import (
    Acknowledge,
    Announce,
    CaptureStopped,
    CaptureStreaming,
    Connected,
    ConsumerCancelled,
    Disconnected,
    PublishToken,
    Ranked,
    Refused,
    Release,
    Requeue,
    Return,
    StartCapture,
    StopCapture,
    StopReason,
    Subscribe,
    Tick,
    Unsubscribe,
)
from tests.edge_video.resilience.cluster.lease_scenario import ME, OTHER, WALL_MS, LeaseScenario

OUT, STANDBY, CLAIMING = LeaseState.OUT, LeaseState.STANDBY, LeaseState.CLAIMING
OWNER, SUSPECT, RELEASING = LeaseState.OWNER, LeaseState.SUSPECT, LeaseState.RELEASING
BREAK = LeasePolicy(handover=Handover.BREAK_BEFORE_MAKE)
STOP = LeasePolicy(uncertain=Uncertain.STOP)


# --- joining, knocking, claiming ------------------------------------------------------------


def test_the_best_node_subscribes_at_once_and_knocks() -> None:
    camera = LeaseScenario()

    actions = camera.wait(0.0)

    assert actions == (Subscribe(), PublishToken(Token(0, ME, 1, is_claim=False)))
    assert camera.lease.state is STANDBY


def test_the_third_node_subscribes_two_steps_later_and_does_not_knock() -> None:
    camera = LeaseScenario(rank=3)

    assert camera.wait(3.9) == ()
    assert camera.wait(0.1) == (Subscribe(),)


def test_a_node_that_is_no_candidate_does_nothing() -> None:
    camera = LeaseScenario(rank=None)

    assert camera.wait(3600.0) == ()
    assert camera.lease.due_s is None


def test_a_standby_knocks_after_two_renewals_of_silence_and_hearing_the_owner_puts_it_off() -> None:
    camera = LeaseScenario(rank=2)
    camera.wait(2.0)
    assert camera.wait(19.0) == ()
    camera.hear(7)
    assert camera.wait(19.0) == ()
    assert camera.wait(1.0) == (PublishToken(Token(7, ME, 1, is_claim=False)),)


def test_while_the_broker_takes_nothing_one_knock_is_enough() -> None:
    camera = LeaseScenario()
    camera.stand_by()

    assert camera.wait(60.0) == ()
    camera.confirm()
    assert camera.wait(60.0) != ()


def test_a_delivered_token_is_claimed_with_the_wall_clock_and_owned_when_the_claim_comes_back() -> (
    None
):
    camera = LeaseScenario()
    camera.stand_by()
    camera.deliver(Token(41, OTHER, 3, is_claim=True))

    claim = camera.published
    assert camera.lease.state is CLAIMING
    assert claim == Token(WALL_MS + 60_000, ME, 2, is_claim=True)
    assert not camera.lease.is_capturing
    camera.confirm()
    assert camera.lease.state is CLAIMING, "a confirm says nothing about who is active"

    assert camera.deliver(claim) == (Acknowledge(1), StartCapture(claim.epoch), Announce())
    assert camera.lease.state is OWNER


def test_an_epoch_goes_above_the_known_one_where_clocks_are_behind_it() -> None:
    camera = LeaseScenario()
    camera.stand_by()

    camera.deliver(Token(WALL_MS * 2, OTHER, 3, is_claim=True))

    assert camera.published.epoch == WALL_MS * 2 + 1


def test_a_claim_that_is_outbid_on_its_way_is_made_again_above() -> None:
    camera = LeaseScenario()
    camera.stand_by()
    camera.deliver(Token(41, OTHER, 3, is_claim=True))
    first = camera.published

    camera.deliver(Token(first.epoch, OTHER, 4, is_claim=True))

    assert camera.published.epoch == first.epoch + 1
    assert camera.deliver(first) == (Acknowledge(2),), "of two equal epochs the later is held"
    assert not camera.lease.is_capturing


def test_a_claim_that_goes_to_another_consumer_is_given_up() -> None:
    camera = LeaseScenario()
    camera.stand_by()
    camera.deliver(Token(41, OTHER, 3, is_claim=True))
    camera.confirm()

    assert camera.wait(1.9) == ()
    assert camera.wait(0.1) == (Unsubscribe(), Return(1))
    assert camera.lease.state is OUT
    assert camera.wait(5.0) == (
        Subscribe(),
        PublishToken(Token(camera.lease.known_epoch, ME, 3, is_claim=False)),
    )


def test_a_claim_that_the_broker_has_not_taken_yet_is_waited_for() -> None:
    camera = LeaseScenario()
    camera.stand_by()
    camera.deliver(Token(41, OTHER, 3, is_claim=True))

    assert camera.wait(500.0) == ()
    assert camera.lease.state is CLAIMING
    camera.confirm_and_deliver()
    assert camera.lease.state is CLAIMING, "so late an answer may be from before a pause"
    camera.confirm_and_deliver()
    assert camera.lease.state is OWNER


# --- owning ---------------------------------------------------------------------------------


def test_an_owner_renews_every_ten_seconds_and_never_holds_a_token_longer() -> None:
    camera = LeaseScenario()
    epoch = camera.own()
    for _ in range(5):
        held = camera.tag
        camera.wait(10.0)
        assert camera.published.epoch == epoch
        assert camera.confirm_and_deliver() == (Acknowledge(held),)
    assert camera.lease.state is OWNER


def test_an_owner_settles_knocks_and_keeps_its_own_token() -> None:
    camera = LeaseScenario()
    camera.own()

    assert camera.deliver(Token(5, OTHER, 1, is_claim=False)) == (Acknowledge(camera.tag),)
    assert camera.lease.state is OWNER


def test_an_owner_that_is_delivered_a_higher_epoch_claims_above_it_and_captures_on() -> None:
    camera = LeaseScenario()
    epoch = camera.own()

    camera.deliver(Token(epoch + 50, OTHER, 1, is_claim=False))

    assert camera.published.epoch == epoch + 51
    assert camera.lease.is_capturing
    assert StartCapture(epoch + 51) in camera.confirm_and_deliver()


def test_an_owner_whose_renewal_goes_elsewhere_is_suspect_captures_on_and_lines_up_anew() -> None:
    camera = LeaseScenario()
    epoch = camera.own()

    camera.renewal_goes_elsewhere()

    assert camera.lease.state is SUSPECT
    assert camera.lease.is_capturing
    assert camera.actions == (
        Unsubscribe(),
        Return(2),
        Subscribe(),
        PublishToken(Token(epoch, ME, 4, is_claim=False)),
    )


def test_an_owner_whose_renewal_the_broker_does_not_take_leaves_nothing_and_publishes_nothing() -> (
    None
):
    camera = LeaseScenario()
    camera.own()
    camera.wait(10.0)

    for _ in range(100):
        assert camera.wait(10.0) == (), "an alarm may last for hours"
    assert camera.lease.state is SUSPECT
    camera.confirm_and_deliver()
    camera.confirm_and_deliver()
    assert camera.lease.state is OWNER


def test_a_refused_renewal_is_one_that_does_not_come_back() -> None:
    camera = LeaseScenario()
    camera.own()
    camera.wait(10.0)

    camera.tell(Refused(camera.published.number))
    camera.wait(2.0)

    assert camera.lease.state is SUSPECT


def test_without_a_connection_the_capture_goes_on_and_is_claimed_anew_afterwards() -> None:
    camera = LeaseScenario()
    epoch = camera.own()

    assert camera.tell(Disconnected()) == ()
    assert camera.wait(3600.0) == ()
    assert (camera.lease.state, camera.lease.is_capturing) == (SUSPECT, True)

    assert camera.tell(Connected()) == (
        Subscribe(),
        PublishToken(Token(epoch, ME, 3, is_claim=False)),
    )
    camera.deliver(Token(epoch, ME, 2, is_claim=True))
    assert camera.published.epoch > epoch
    camera.confirm_and_deliver()
    assert camera.lease.state is OWNER


def test_with_uncertain_stop_the_capture_ends_after_half_a_minute() -> None:
    camera = LeaseScenario(STOP)
    camera.own()
    camera.tell(Disconnected())

    assert camera.wait(29.9) == ()
    assert camera.wait(0.1) == (StopCapture(StopReason.UNCERTAIN), Announce())
    assert camera.lease.state is OUT


def test_with_uncertain_stop_a_claim_that_nobody_confirms_ends_the_capture_too() -> None:
    camera = LeaseScenario(STOP)
    epoch = camera.own()
    camera.tell(Disconnected())
    camera.wait(20.0)
    camera.tell(Connected())
    camera.deliver(Token(epoch, OTHER, 9, is_claim=False))
    assert (camera.lease.state, camera.lease.is_capturing) == (CLAIMING, True)

    actions = [each for _ in range(8) for each in camera.wait(2.0)]  # the broker takes nothing
    assert actions.count(StopCapture(StopReason.UNCERTAIN)) == 1
    assert (camera.lease.state, camera.lease.is_capturing) == (CLAIMING, False)

    camera.confirm_and_deliver()  # an answer so late proves nothing: it claims anew
    actions = list(camera.confirm_and_deliver())
    assert StartCapture(camera.lease.epoch) in actions
    assert (camera.lease.state, camera.lease.is_capturing) == (OWNER, True)


def test_with_uncertain_stop_an_owner_that_is_outbid_and_not_answered_ends_its_capture() -> None:
    camera = LeaseScenario(STOP)
    epoch = camera.own()
    camera.deliver(Token(epoch + 5, OTHER, 9, is_claim=True))
    assert camera.lease.state is CLAIMING

    actions = [each for _ in range(20) for each in camera.wait(2.0)]
    assert actions.count(StopCapture(StopReason.UNCERTAIN)) == 1


def test_a_cancelled_consumer_subscribes_again_after_a_pause() -> None:
    camera = LeaseScenario()
    camera.own()

    assert camera.tell(ConsumerCancelled()) == ()
    assert camera.lease.state is SUSPECT
    assert camera.wait(1.9) == ()
    assert Subscribe() in camera.wait(0.1)


def test_after_an_outage_those_who_did_not_own_subscribe_five_seconds_later() -> None:
    camera = LeaseScenario()
    camera.stand_by()
    camera.hear(7)
    camera.tell(Disconnected())
    camera.tell(Connected())

    assert camera.wait(4.9) == ()
    assert Subscribe() in camera.wait(0.1)


# --- another owner --------------------------------------------------------------------------


def test_an_owner_that_hears_a_higher_epoch_captures_on_until_frames_flow_there() -> None:
    camera = LeaseScenario()
    epoch = camera.own()

    assert camera.hear(epoch + 1) == (Unsubscribe(), Return(2))
    assert camera.lease.state is RELEASING
    assert camera.hear(epoch + 1) == ()
    assert camera.hear(epoch + 1, streaming=True) == (
        StopCapture(StopReason.SUPERSEDED),
        Announce(),
    )
    assert camera.lease.state is OUT


def test_it_does_not_wait_for_them_for_long() -> None:
    camera = LeaseScenario()
    epoch = camera.own()
    camera.hear(epoch + 1)

    assert camera.wait(3.9) == ()
    assert camera.wait(0.1) == (StopCapture(StopReason.SUPERSEDED), Announce())


def test_a_camera_with_one_session_is_left_at_once() -> None:
    camera = LeaseScenario(BREAK)
    epoch = camera.own()

    assert camera.hear(epoch + 1)[0] == StopCapture(StopReason.SUPERSEDED)


@pytest.mark.parametrize("lower", [0, 1])
def test_a_lower_or_equal_epoch_stops_nobody(lower: int) -> None:
    camera = LeaseScenario()
    epoch = camera.own()

    assert camera.hear(epoch - lower, streaming=True) == ()
    assert camera.lease.state is OWNER


def test_a_suspect_hears_the_higher_epoch_after_its_return() -> None:
    camera = LeaseScenario()
    epoch = camera.own()
    camera.tell(Disconnected())
    camera.tell(Connected())

    camera.hear(epoch + 9, streaming=True)

    assert not camera.lease.is_capturing


# --- giving away ----------------------------------------------------------------------------


def test_a_release_leaves_the_line_before_the_token_and_captures_until_the_successor_streams() -> (
    None
):
    camera = LeaseScenario()
    epoch = camera.own()

    assert camera.tell(Release(leaves=True)) == (Unsubscribe(), Return(2))
    assert camera.hear(epoch + 1) == ()
    assert camera.lease.is_capturing
    assert StopCapture(StopReason.SUPERSEDED) in camera.hear(epoch + 1, streaming=True)
    assert (camera.lease.state, camera.lease.due_s) == (OUT, None)


def test_who_leaves_stops_without_a_successor_and_who_stays_keeps_the_camera() -> None:
    leaving, staying = LeaseScenario(), LeaseScenario()
    leaving.own()
    staying.own()
    leaving.tell(Release(leaves=True))
    staying.tell(Release(leaves=False))

    assert leaving.wait(10.0) == (StopCapture(StopReason.RELEASED), Announce())
    assert Subscribe() in staying.wait(10.0)
    assert (staying.lease.state, staying.lease.is_capturing) == (SUSPECT, True)


def test_a_camera_with_one_session_is_stopped_before_its_token_is_given_back() -> None:
    camera = LeaseScenario(BREAK)
    camera.own()

    assert camera.tell(Release(leaves=False)) == (StopCapture(StopReason.RELEASED), Announce())
    assert camera.tell(CaptureStopped()) == (Unsubscribe(), Return(2))
    assert camera.lease.state is OUT
    assert Subscribe() in camera.wait(10.0), "later it is a candidate again"


def test_a_capture_that_does_not_end_keeps_the_token_for_ten_seconds() -> None:
    camera = LeaseScenario(BREAK)
    camera.own()
    camera.tell(Release(leaves=True))

    assert camera.wait(10.0) == (Unsubscribe(), Return(2))


def test_without_a_connection_nobody_is_waited_for() -> None:
    camera = LeaseScenario()
    camera.own()
    camera.tell(Disconnected())
    camera.tell(Release(leaves=True))

    assert camera.tell(Tick()) == (StopCapture(StopReason.RELEASED), Announce())


def test_a_standby_that_leaves_is_out_at_once() -> None:
    camera = LeaseScenario()
    camera.stand_by()

    assert camera.tell(Release(leaves=True)) == (Unsubscribe(),)
    assert camera.tell(Ranked(None)) == ()
    assert camera.wait(3600.0) == ()


def test_a_token_that_comes_after_leaving_goes_back() -> None:
    camera = LeaseScenario()
    epoch = camera.own()
    camera.tell(Release(leaves=True))

    assert camera.deliver(Token(epoch, ME, 2, is_claim=True)) == (Unsubscribe(), Return(3))


def test_only_a_standby_goes_to_the_end_of_the_line() -> None:
    camera = LeaseScenario()
    camera.stand_by()
    assert camera.tell(Requeue()) == (Unsubscribe(), Subscribe())

    owner = LeaseScenario()
    owner.own()
    assert owner.tell(Requeue()) == ()


def test_the_first_frame_is_announced_once() -> None:
    camera = LeaseScenario()
    camera.own()

    assert camera.tell(CaptureStreaming()) == (Announce(),)
    assert camera.tell(CaptureStreaming()) == ()


def test_a_lease_is_a_value() -> None:
    camera = LeaseScenario()
    before = replace(camera.lease)
    kept = camera.lease
    camera.own()

    assert kept == before
