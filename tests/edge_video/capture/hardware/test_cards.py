"""How much room NVIDIA's cards have, by what their own program says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.capture.hardware.cards import Card, nvidia_cards, parse_cards

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_cards_are_read_and_cameras_reckoned() -> None:
    answer = "0, NVIDIA T400 4GB, 4096, 3400\n1, Tesla, with a comma, 16384, 100\n"
    small, large = parse_cards(answer)
    assert small == Card(0, "NVIDIA T400 4GB", 4096, 3400)
    assert (small.most_cameras, small.more_cameras) == (7, 6)
    assert (large.name, large.more_cameras) == ("Tesla, with a comma", 0)


def test_what_has_no_memory_of_its_own_or_no_sense_is_left_out() -> None:
    assert parse_cards("0, Orin, [N/A], [N/A]\nNo devices were found\n\n1, x, 1\n") == []


def test_the_driver_is_asked_and_its_failure_is_no_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nvidia_cards() == []
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, A2, 15356, 15000'\n")
    program.chmod(0o755)
    assert [card.name for card in nvidia_cards()] == ["A2"]
    program.write_text("#!/bin/sh\necho 'Driver/library version mismatch' >&2; exit 18\n")
    assert nvidia_cards() == []
