"""The benchmark's sections on pictures belong to it, and their figures have tables."""

from __future__ import annotations

from bench.picture_sections import picture_tables
from bench.sections import SECTIONS

FOUND = {
    "liveness": {
        "rows": [
            {
                "name": "640x360, calm",
                "kilobytes": 20.2,
                "cpu_percent": 1.42,
                "ms_per_picture": 0.71,
            }
        ]
    },
    "change": {
        "rows": [{"name": "night", "frames": 135, "published": 1, "share": 0.007, "look_us": 1390}]
    },
    "snapshots": {"rows": [{"bytes": 50_000, "cpu_us_per_picture": 330.4, "pictures_per_s": 75.0}]},
}


def test_each_is_measured_with_all_the_others_and_shown() -> None:
    assert FOUND.keys() <= SECTIONS.keys()
    assert [table.rows for table in picture_tables(FOUND)] == [
        [("640x360, calm", "20", "1.4", "0.71")],
        [("night", "1 of 135", "0.7", "1390")],
        [("50 KB", "330", "75.0")],
    ]


def test_what_was_not_measured_has_no_table() -> None:
    assert list(picture_tables({"ours": {}, "change": {"rows": []}})) == []
