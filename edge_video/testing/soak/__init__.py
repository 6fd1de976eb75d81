"""Brings random faults against the whole system with real parts: the soak test.

    python -m edge_video.testing.soak --minutes 30 --cameras 4 --seed 1

Real FFmpeg, real RTSP cameras (GStreamer), a real RabbitMQ node of its own, a consumer that looks
at what arrives. The same seed brings the same faults. See docs/testing.md.
"""
