"""Where frames go. The contract is in `edge_video.sinks.base`; this package imports nothing."""
