"""Cameras to broker: the pure core and the adapters of edge-video.

This package imports nothing by itself: `import edge_video.resilience.breaker` brings neither an
actor, nor pika, nor a thread.
"""
