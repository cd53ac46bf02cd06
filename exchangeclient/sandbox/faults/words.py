"""What faults have to know of a venue's words, and leave to its dialect."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from exchangeclient.serving.messages import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refusal says; as the venue usually would where it is None.

    :ivar retry_after: in how many seconds to try again, or any other text
    """

    status: int
    code: int | None = None
    text: str | None = None
    retry_after: str | None = None


class Words(Protocol):
    """A venue, as far as faults have to speak like it."""

    def account(self, request: HttpRequest) -> str:
        """The key that a request is made with; empty when there is none."""

    def identity(self, request: HttpRequest) -> Hashable:
        """What two requests of one account have in common that ask for the same, whenever they were signed."""

    def error(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        """A refusal of the venue in answer to a request, with its usual headers."""

    def not_found(self) -> Refusal:
        """That there is no such order."""

    def maintenance(self, status: int) -> Refusal:
        """What it answers to everything while it is not open."""

    def caller(self, payload: str | bytes) -> tuple[str, str]:
        """The name of the method that a call on a websocket asks for, and its key; both may be empty."""

    def call_error(self, request: HttpRequest, payload: str | bytes, refusal: Refusal) -> bytes:
        """A refusal in answer to a call.

        :param request: the handshake of the websocket on which it came
        """

    def owner(self, topic: str) -> str:
        """The key of the account that messages of a topic tell of; empty when they tell of no one."""

    def shutdown(self, request: HttpRequest) -> bytes:
        """The message to the websocket of this request that the server is about to shut down."""

    def slow_engine(self, seconds: float) -> AbstractContextManager[None]:
        """Judge a command as if it took so long on its way to the engine, while this is open."""

    def skewed(self, milliseconds: float) -> AbstractContextManager[None]:
        """Judge by a clock that is so far ahead, and show it, while this is open."""
