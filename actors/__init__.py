"""The pykka actors: thin, each on top of the pure core in `edge_video`.

This package imports nothing by itself, so that `actors.messages` can be used without any actor.
"""
