"""`python -m edge_video watch`: a consumer that anybody can start against a running system.

This package imports nothing by itself. `command` is the command: it joins `subscription` (where to
listen), `consumer` (the connection), `session` (what happens to each message), `tally` (counts),
`picture` (checks a JPEG), `screens` and `view` (what is shown), `save` (files) and `pages` (the
browser's view).
"""
