"""Shows the status of a running system live in the terminal: `edge-video top`.

This package imports nothing by itself. `command` is the command: it joins `client` (asks by HTTP),
`session` (the newest status), `rates`, and what shows it: `screen` for a pipe, `json_lines`, and
on a terminal `full_screen` on a `key_screen` (of a `terminal` and `keys`), `browsing` (what is
scrolled to), `poller` (asks in the background) and `page`. `header` and `camera_text` have the
texts. `probe_client` is what `edge-video health` asks with, and `asking` how each of them, and
`edge-video reload`, asks.
"""
