"""Renders a `SystemStatus` for an operator, in two languages: snapshots in, text out.

This package imports nothing by itself. `monitor` and `final` render text, `html` the final report
as a page with the charts of `history`, `probe_table` what `probe` found.
"""
