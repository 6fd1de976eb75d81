"""The program's log: its stable events, and where lines go.

`events` is all that other folders know. `setup` and what stands behind it (loguru) belong to the
command line; a program that embeds edge-video configures its own logging.
"""
