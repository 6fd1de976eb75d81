"""Holds the commands `doctor` and `bundle`: what is wrong here, and a file of it for support.

- `command`: their options, and what they print.
- `examination`: all checks side by side, each bounded in time.
- `machine`: what is asked of this machine; tests script it.
- `places`, `limits`, `files`, `port`, `clock`, `ffmpeg`, `network`: the checks.
- `archive`: the file of `bundle`.
"""
