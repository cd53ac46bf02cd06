"""Binance's errors explained: the right entry of the tables for an error, and for what somebody read in a log. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from exchangeclient.binance.explained_codes import CODES
from exchangeclient.binance.explained_texts import FILTERS, MESSAGES, SENTENCES, STATUSES
from exchangeclient.exceptions import ExchangeAPIException
from exchangeclient.explanation import HELD_BACK, Explanation, Repeat

_NUMBER = re.compile(r"-?[0-9]{3,4}")
_CODE = re.compile(r"-[0-9]{4}\b")
_NAME = re.compile(r"[A-Z_]{3,}")
_FAILED: Final = Explanation("HTTP 5xx", "Something failed at the venue.", Repeat.UNSAFE, ("trouble at the venue",))
_BY_NAME: Final = {entry.name: entry for entry in CODES.values()} | dict(FILTERS)


def explained(error: ExchangeAPIException) -> Explanation:
    """What an error means, by what the venue says besides its code, by the code, by the HTTP status: the first that is known."""
    found = _entry(error)
    return replace(found, repeat=Repeat.UNSAFE) if error.outcome_unknown else found


def _entry(error: ExchangeAPIException) -> Explanation:
    if not error.status_code and not error.code:
        return HELD_BACK
    said = FILTERS.get(error.rule) or SENTENCES.get(error.message.rstrip("."))
    if said is not None:
        return replace(said, code=error.code)
    known = CODES.get(error.code) or STATUSES.get(error.status_code)
    if known is not None:
        return known
    if error.status_code >= 500:
        return _FAILED
    return Explanation("not in the venue's table of errors", error.message, Repeat.USELESS, code=error.code)


def find(words: str) -> tuple[Explanation, ...]:
    """What is known of a code (with or without its sign), an HTTP status, the name of a code or a filter, or the text of an error.

    Words that are none of these are looked for in the explanations. Nothing is found for what the tables do not have.
    """
    words = words.strip()
    if _NUMBER.fullmatch(words):
        number = abs(int(words))
        found = CODES.get(-number) or STATUSES.get(number)
        return () if found is None else (found,)
    named = tuple(dict.fromkeys(_named(words)))
    wanted = words.casefold()
    return named or tuple(entry for entry in (*_BY_NAME.values(), *SENTENCES.values()) if wanted and wanted in _shown(entry))


def _named(text: str) -> Iterator[Explanation]:
    """The entries that a text names, those that say most of it first."""
    folded = text.casefold()
    yield from (entry for sentence, entry in SENTENCES.items() if sentence.casefold() in folded)
    yield from (_BY_NAME[name] for name in (text.upper(), *_NAME.findall(text)) if name in _BY_NAME)
    yield from (CODES[code] for code in map(int, _CODE.findall(text)) if code in CODES)
    yield from (CODES[code] for message, code in MESSAGES.items() if message.casefold() in folded)


def _shown(entry: Explanation) -> str:
    return f"{entry.name} {entry.meaning}".casefold()
