"""Runs a camera's FFmpeg, reads what it says, and cuts its output into frames."""
