"""Holds the pykka actors, each thin and on top of the pure core in `edge_video`.

This package imports nothing by itself, so that `edge_video.actors.messages` can be used without
any actor. It is installed as `edge_video.actors`: a host may have an `actors` package of its own.
"""
