"""Makes notifications for the broker about cameras, publisher and memory.

`rules` turns facts into notifications, `debounce` decides which states are reported, and
`node_status` when the node tells how it is as a whole.
"""

from edge_video.notifications.rules import NotificationPolicy, NotificationRules

__all__ = ["NotificationPolicy", "NotificationRules"]
