"""Implements the commands `run`, `demo`, `init`, `schema`, `check`, `probe`, `watch` and `top`."""
