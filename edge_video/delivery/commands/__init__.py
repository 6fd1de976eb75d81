"""Takes commands over the broker: who may what, until when, at most once; and asks for them.

Pure but for `memory` (a lock), `desk` (threads), `queue` and `client` (a connection).
docs/commands.md is the contract. Nothing here is loaded unless commands are configured.
"""
