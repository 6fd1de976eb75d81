"""One camera's stream: FFmpeg's process, what it says, and the frames that are cut out of it."""
