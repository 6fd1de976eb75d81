"""`python -m edge_video watch`: a consumer that anybody can start against a running system.

This package imports nothing by itself. `tally` counts, `picture` looks at a JPEG, `view` shows;
`consumer` is the connection, `save` the files, `pages` the browser's view, `command` the command.
"""
