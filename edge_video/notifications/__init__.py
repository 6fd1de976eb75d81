"""What is told on the broker about cameras, publisher and memory: rules, and debouncing."""
