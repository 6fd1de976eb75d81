"""Consumes the frames of a running system and shows them: `edge-video watch`.

This package imports nothing by itself. `command` is the command: it joins `subscription` (where to
listen), `consumer` (the connection), `session` (what happens to each message), `tally` (counts),
`silence` (who sends nothing), `picture` (checks a JPEG), `screens` and `view` (what is shown),
`save` (files) and `pages` (the browser's view).
"""
