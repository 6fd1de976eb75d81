"""Serves the operator's page, probes, metrics and API over HTTP, all from snapshots."""
