"""Makes texts for people: catalog, formatting, redaction, URLs and durations."""

from edge_video.text.duration import format_duration
from edge_video.text.language import Language
from edge_video.text.redact import Redactor, mask_url

__all__ = ["Language", "Redactor", "format_duration", "mask_url"]
