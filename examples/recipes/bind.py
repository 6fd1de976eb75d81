"""Binds one exchange to another, which gets a copy of what matches. `pip install pika`.

    python bind.py amqp://user:password@broker:5672/%2F SOURCE DESTINATION [KEY]

Both must be there. Binding once more changes nothing, so it may be done at each start.
"""

from __future__ import annotations

import sys

import pika


def main(url: str, source: str, destination: str, key: str = "#") -> None:
    """Bind them; `#` is every routing key, `door` one of them."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        connection.channel().exchange_bind(destination, source, key)
    finally:
        connection.close()
    print(f"{destination} gets what {source} gets with the routing key {key}")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(f"usage: {sys.argv[0]} AMQP-URL SOURCE DESTINATION [KEY]")
    main(*sys.argv[1:])
