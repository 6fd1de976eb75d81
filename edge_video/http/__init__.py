"""The operator's view over HTTP: probes, metrics, API and page, all served from snapshots."""
