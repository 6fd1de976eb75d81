"""Cameras that move are counted once each, whatever becomes of the actor that counts."""

from __future__ import annotations

from edge_video.actors.lease_tally import LeaseTally
from edge_video.resilience.cluster import Holder, LeasePolicy, LeaseState
from edge_video.resilience.cluster.steps import Lease
from edge_video.resilience.cluster.terms import StopReason
from edge_video.status.cluster import LeaseCounts

ME = Holder("edge-a", "1")


def lease(state: LeaseState) -> Lease:
    return Lease(holder=ME, policy=LeasePolicy(), state=state)


def test_a_camera_that_only_has_another_epoch_has_not_moved() -> None:
    tally = LeaseTally()
    tally.taken("door")
    tally.taken("door")
    tally.taken("gate")
    tally.ended("door", StopReason.SUPERSEDED)
    tally.ended("yard", StopReason.RELEASED)  # it never was here
    tally.ended("gate", StopReason.RELEASED)
    tally.taken("door")
    tally.ended("door", StopReason.UNCERTAIN)
    assert tally.counts == LeaseCounts(taken=3, released=1, superseded=1, uncertain=1)


def test_the_time_without_a_proof_counts_for_each_camera() -> None:
    tally = LeaseTally()
    leases = {"door": lease(LeaseState.SUSPECT), "gate": lease(LeaseState.SUSPECT)}
    for now_s in (100.0, 100.5, 102.0):
        tally.look(leases, now_s)
    tally.look({"door": lease(LeaseState.OWNER)}, 110.0)
    assert tally.counts.suspect_s == 4.0
