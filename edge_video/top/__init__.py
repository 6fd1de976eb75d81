"""`python -m edge_video top`: the status of a running system, live in the terminal.

This package imports nothing by itself. `screen` renders, `client` asks by HTTP, `command` is the
command.
"""
