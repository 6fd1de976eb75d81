"""Implements the commands of the command line: `run`, `check`, `probe`, `top` and the others."""
