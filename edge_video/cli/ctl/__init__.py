"""Runs the command `ctl`: asks nodes over the broker or over HTTP, and prints what they answer."""
