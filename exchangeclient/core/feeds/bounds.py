"""How much may wait for a program that does not take it in time."""

from __future__ import annotations

from typing import Final

QUEUE_BYTES: Final = 128 * 1024 * 1024
"""Of one public stream; then the oldest messages are dropped. As many messages of a deep book as may wait would be gigabytes."""
