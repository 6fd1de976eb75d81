"""Implements the commands `run`, `demo`, `check`, `probe`, `watch` and `top`."""
