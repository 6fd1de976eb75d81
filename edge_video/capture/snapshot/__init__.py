"""Fetches the pictures of a camera one by one over HTTP, for `mode: snapshot`; no FFmpeg runs.

`capture` has the thread that asks, at its pace and until it is told to stop. `client` sends one
request over a connection that `network` makes and bounds, and follows redirects as far as `origin`
lets it. `digest` and `login` answer what the camera asks for, and `conditions` decide when it may
be asked for news only. `answer` says what an answer was, and `trouble` why there was none.

`edge_video.capture.launcher` imports this package when the first such camera is configured: its
HTTP client, httpcore, is an extra.
"""
