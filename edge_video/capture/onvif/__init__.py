"""Finds ONVIF cameras in the network and asks them for their streams, for `edge-video discover`.

`discovery` sends the multicast question and reads who answers, `inquiry` asks one device after
that, `soap` carries its questions over HTTP, `reading` and `xml` understand what comes back, and
`choice` proposes a stream. What comes from a device is bounded and made harmless before it is kept.
"""
