"""Which accounts may trade a symbol: one must have a permission out of each of the symbol's sets."""

from __future__ import annotations

from functools import cache

from exchangeclient.sandbox.dialects.accounts import SPOT

PermissionSets = tuple[tuple[str, ...], ...]

SETS: PermissionSets = ((SPOT, "TRD_GRP_002"),)
"""Those of every symbol here: open to all, and to the members of one group."""


@cache
def permits(permissions: tuple[str, ...], sets: PermissionSets = SETS) -> bool:
    """True if one of each set is among the permissions."""
    return all(any(each in permissions for each in alternatives) for alternatives in sets)
