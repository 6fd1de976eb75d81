"""The command line: `run`, `demo`, `check`, `probe`, `watch` and `top`."""
