"""Frames and notifications to RabbitMQ: one connection, a channel per exchange, confirms."""
