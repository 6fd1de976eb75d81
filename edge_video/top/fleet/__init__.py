"""Shows every node that publishes at a broker: `edge-video fleet`.

This package imports nothing by itself. `command` is the command: it joins `subscription` (where to
listen), `listening` (the connection, on a thread of its own), `messages` (what nodes publish, read
from whoever may publish there), `model` (what is known of each node), `judging` (which node is
worst), `document` (the same as JSON), `page` and `full_screen` (the terminal), and `server` (the
browser's view).
"""
