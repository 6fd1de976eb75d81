"""Breaks real brokers and real nodes that share cameras, and judges what arrives.

    python -m edge_video.testing.cluster_lab --rounds 3

Three RabbitMQ nodes in a cluster, four programs with scripted cameras, a consumer at each broker
that keeps what it was sent, and faults one after another. What was seen is a *history*; rules and
figures are computed from it alone, so that a recorded one can be judged again. See docs/cluster.md.
"""
