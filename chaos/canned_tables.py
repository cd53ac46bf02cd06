"""For tests of realtime tables: a venue of few words, that welcomes, confirms, and then says what a test has it say."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from socket_peer import SOON_S, TEXT, Peer, Server

KEYS: Mapping[str, Sequence[str]] = {
    "instrument": ["symbol"],
    "orderBookL2": ["symbol", "id", "side"],
    "order": ["orderID"],
    "margin": ["account"],
}


def message(table: str, action: str, *rows: Mapping[str, Any], **more: Any) -> str:
    """A message of a table."""
    return json.dumps({"table": table, "action": action, **more, "data": list(rows)}, separators=(",", ":"))


def partial(topic: str, *rows: Mapping[str, Any], keys: Sequence[str] | None = None) -> str:
    """A whole table, or what it has of one symbol."""
    table, _, symbol = topic.partition(":")
    covers = {"symbol": symbol} if symbol else {}
    return message(table, "partial", *rows, keys=list(KEYS.get(table, ()) if keys is None else keys), types={}, filter=covers)


class TableVenue:
    """Answers on its port until it is stopped.

    :ivar rows: what it has, by topic
    :ivar refusals: by topic, what it says instead of confirming
    :ivar early: what it says of a topic before its partial
    :ivar heard: everything that was said to it, in order
    """

    def __init__(self) -> None:
        self._server = Server()
        self.url = f"ws://127.0.0.1:{self._server.port}/realtime"
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.refusals: dict[str, dict[str, Any]] = {}
        self.early: dict[str, list[str]] = {}
        self.login: dict[str, Any] | None = None
        self.heard: list[Any] = []
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._peer: Peer | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> int:
        """How many connections there were."""
        return self._server.accepted

    def stop(self) -> None:
        self._server.stop()

    def say(self, *texts: str) -> None:
        """Send these over the connection that there is."""
        peer = self.peer()
        for text in texts:
            peer.send(text)

    def peer(self) -> Peer:
        """The connection that there is."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._peer is not None, SOON_S)
            assert self._peer is not None
            return self._peer

    def drop(self) -> None:
        """Break the connection."""
        peer = self.peer()
        with self._changed:
            self._peer = None
        peer.drop()

    def refuse(self, answer: bytes) -> None:
        """Answer every connection so from now on, instead of taking it; nothing takes them again."""
        self._server.answer = answer

    def wait_heard(self, said: Any, times: int = 1) -> None:
        """Wait until that was said to it so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.heard.count(said) >= times, SOON_S), (said, self.heard)

    def _run(self) -> None:
        while True:
            try:
                peer = self._server.peers.get(timeout=1)
            except queue.Empty:
                if self._server._listening.fileno() == -1:
                    return
                continue
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        try:
            peer.send(json.dumps({"info": "Welcome to the Realtime API.", "version": "2.0.0", "limit": {"remaining": 39}}))
            with self._changed:
                self._peer = peer
                self._changed.notify_all()
            while True:
                kind, payload = peer.frames.get(timeout=60)
                if kind == TEXT:
                    self._answer(peer, payload)
                    with self._changed:
                        self._changed.notify_all()
        except (OSError, queue.Empty):
            return

    def _answer(self, peer: Peer, payload: bytes) -> None:
        if payload == b"ping":
            self.heard.append("ping")
            peer.send("pong")
            return
        request = json.loads(payload)
        self.heard.append(request)
        match request:
            case {"op": "subscribe", "args": list(topics)}:
                for topic in topics:
                    answer = self.refusals.get(topic) or {"success": True, "subscribe": topic}
                    peer.send(json.dumps({**answer, "request": request}))
                for topic in topics:
                    for text in self.early.get(topic, ()):
                        peer.send(text)
                    if topic not in self.refusals:
                        peer.send(partial(topic, *self.rows.get(topic, ())))
            case {"op": "unsubscribe", "args": list(topics)}:
                for topic in topics:
                    peer.send(json.dumps({"success": True, "unsubscribe": topic, "request": request}))
            case {"op": "authKeyExpires"}:
                peer.send(json.dumps({**(self.login or {"success": True}), "request": request}))
            case {"op": "cancelAllAfter", "args": milliseconds}:
                peer.send(
                    json.dumps(
                        {"now": "2026-11-20T00:00:00.000Z", "cancelTime": milliseconds and "2026-11-20T00:01:00.000Z", "request": request}
                    )
                )
