"""Snapshots in, text out: the monitor, the final report and their JSON form, in two languages.

This package imports nothing by itself. `monitor`, `final` and `as_json` render a `SystemStatus`;
`catalog` holds every text in both languages; `text` spells numbers, times and failures.
"""
