"""What the venue wants to remember of an order, as the engine's note."""

from __future__ import annotations

from msgspec import Struct


class Note(Struct, frozen=True):
    """What comes back with an order and the engine has no use for."""

    type: str
    mode: str
    target: str = ""
    tag: str = ""
    client_id: str = ""  # the engine makes one where none was given, which is nobody's business

    def written(self) -> str:
        return ",".join((self.type, self.mode, self.target, self.tag, self.client_id))

    @classmethod
    def read(cls, text: str) -> Note:
        return cls(*text.split(","))
