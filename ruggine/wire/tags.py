"""How a class becomes the `message_type` of its frame."""

from __future__ import annotations

import re


def snake_case(class_name: str) -> str:
    """`MarkReadResult` is `mark_read_result` on the wire."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
