"""Record what comes over sockets, and play it to the same callbacks later::

from exchangeclient.recording import Recorder, Replay
"""

from __future__ import annotations

from exchangeclient.binance.replay import Replay
from exchangeclient.core.recording import Record, Recorder, read_records

__all__ = ["Recorder", "Replay", "Record", "read_records"]
