"""Shows the status of a running system live in the terminal: `edge-video top`.

This package imports nothing by itself. `screen` renders, `client` asks by HTTP, `command` is the
command.
"""
