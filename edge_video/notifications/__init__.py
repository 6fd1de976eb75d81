"""Notifications on the broker about cameras, publisher and memory: rules, and debouncing."""
