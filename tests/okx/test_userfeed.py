from __future__ import annotations

from typing import get_args

from exchangeclient.enums import InstType
from exchangeclient.okx import userfeed


def test_what_was_missed_is_asked_for_of_every_type_that_has_a_list_of_orders() -> None:
    """The venue documents the list for these; of contracts on events it says nothing."""
    assert set(userfeed._TYPES) == set(get_args(InstType)) - {"EVENTS"}
