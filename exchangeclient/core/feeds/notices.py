"""What a manager tells its user of its connections: a :class:`SocketNotice` for each thing that happens to one.

Who notices is :mod:`exchangeclient.core.feeds.sockets` (and whoever looks at the ids of events, for gaps); who is told is the
``on_event`` of the user, on the manager's callback thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoticeKind = Literal["connected", "lost", "gap", "stale", "recovered", "refused", "dropped", "raised"]


@dataclass(frozen=True, slots=True)
class SocketNotice:
    """Something that happened to a stream.

    ========= =========================================================================================================
    connected the stream flows, for the first time; or it has moved to a new connection before the venue ended the old
    lost      its connection broke, or could not be made; it is tried again
    refused   the venue said no, to the connection or to what was asked for over it; tried again unless ``final``
    stale     it is silent, or its events are old, whatever its pongs say; a new connection is made, or it alone is asked for anew
    gap       events are missing, by their ids
    recovered the stream flows again
    dropped   its callback was too slow, or nobody iterated, so that the oldest messages were thrown away; told once they go on
    raised    its callback has ended by an exception, which the log shows
    ========= =========================================================================================================

    :ivar kind: which of these it is
    :ivar stream: whose, as the log calls it
    :ivar reason: why, for a person
    :ivar at: when, in seconds since 1970 by the machine's clock
    :ivar failures: how many connections have failed in a row; 0 once one has proved stable
    :ivar final: True when it is not tried again
    """

    kind: NoticeKind
    stream: str
    reason: str
    at: float
    failures: int = 0
    final: bool = False
