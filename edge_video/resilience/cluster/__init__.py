"""Decides which of several nodes captures each camera: leases, ranking, membership. Pure."""

from edge_video.resilience.cluster.lease import advance
from edge_video.resilience.cluster.member import (
    CameraAction,
    CameraTerms,
    ClusterMember,
    SendAnnouncement,
)
from edge_video.resilience.cluster.membership import Announcement, Membership, Owned
from edge_video.resilience.cluster.ranking import Candidate, rank
from edge_video.resilience.cluster.steps import Lease
from edge_video.resilience.cluster.terms import (
    Handover,
    Holder,
    LeasePolicy,
    LeaseState,
    Moment,
    Token,
    Uncertain,
)
from edge_video.resilience.cluster.wire import (
    decode_announcement,
    decode_token,
    encode_announcement,
    encode_token,
)

__all__ = [
    "Announcement",
    "CameraAction",
    "CameraTerms",
    "Candidate",
    "ClusterMember",
    "Handover",
    "Holder",
    "Lease",
    "LeasePolicy",
    "LeaseState",
    "Membership",
    "Moment",
    "Owned",
    "SendAnnouncement",
    "Token",
    "Uncertain",
    "advance",
    "decode_announcement",
    "decode_token",
    "encode_announcement",
    "encode_token",
    "rank",
]
