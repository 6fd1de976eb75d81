"""The steps towards an exchange, with the broker's answers as arguments."""

from __future__ import annotations

from edge_video.delivery.amqp.exchange_opening import ExchangeOpening, GivenUp, Step
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.refusals import Refusal, RefusalKind

MISSING = Refusal(RefusalKind.MISSING, "NOT_FOUND")
UNLIKE = Refusal(RefusalKind.UNLIKE, "PRECONDITION_FAILED", difference="type=fanout")
FORBIDDEN = Refusal(RefusalKind.EXCHANGE, "ACCESS_REFUSED")


def opening(knowledge: BrokerKnowledge | None = None) -> ExchangeOpening:
    return ExchangeOpening("shop", knowledge or BrokerKnowledge(), str)


def test_an_exchange_that_exists_is_compared_once_and_then_known() -> None:
    knowledge = BrokerKnowledge()
    first = opening(knowledge)
    assert not first.accepted()
    assert first.step is Step.COMPARE
    assert first.accepted()
    assert knowledge.unlike == {"shop": ""}
    assert opening(knowledge).accepted(), "a look is enough from now on"


def test_an_exchange_that_is_another_kind_is_used_as_it_is() -> None:
    knowledge = BrokerKnowledge()
    ours = opening(knowledge)
    ours.accepted()
    assert ours.failed(UNLIKE) is None
    assert ours.step is Step.LOOK
    assert ours.accepted()
    assert knowledge.unlike == {"shop": "type=fanout"}


def test_a_missing_exchange_is_declared() -> None:
    ours = opening()
    assert ours.failed(MISSING) is None
    assert ours.step is Step.DECLARE
    assert ours.accepted()


def test_a_missing_exchange_that_may_not_be_declared_is_given_up_with_both_reasons() -> None:
    ours = opening()
    ours.failed(MISSING)
    given_up = ours.failed(FORBIDDEN)
    assert given_up is not None
    assert "does not exist and the user may not declare it" in given_up.reason


def test_an_exchange_that_somebody_else_declared_first_is_looked_for_again() -> None:
    ours = opening()
    ours.failed(MISSING)
    assert ours.failed(UNLIKE) is None
    assert ours.step is Step.LOOK


def test_a_foreign_exchange_that_went_is_left_to_its_owner_and_looked_for_often() -> None:
    knowledge = BrokerKnowledge(unlike={"shop": "type=fanout"})
    given_up = opening(knowledge).failed(MISSING)
    assert given_up is not None
    assert "who made it must make it again" in given_up.reason
    assert given_up.rest_s == 5.0
    assert not opening(knowledge).accepted(), "it may come back as another kind"


def test_our_own_exchange_that_went_is_declared_at_once() -> None:
    knowledge = BrokerKnowledge(unlike={"shop": ""})
    ours = opening(knowledge)
    ours.start_over_missing("no exchange 'shop'")
    assert ours.step is Step.DECLARE


def test_an_exchange_that_others_keep_changing_is_given_up_after_six_channels() -> None:
    ours = opening()
    answers = []
    for _ in range(3):
        answers.append(ours.failed(MISSING))
        answers.append(ours.failed(UNLIKE))
    assert answers == [None] * 5 + [GivenUp("PRECONDITION_FAILED")]
