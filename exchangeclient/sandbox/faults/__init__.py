"""Scripted trouble: faults that strike requests, messages and sockets of a sandbox on purpose, for as long and as often as one says.

:mod:`.kinds` is the menu, :mod:`.registry` knows what is armed, :mod:`.app` puts it in front of a venue's app.
"""

from exchangeclient.sandbox.faults.registry import Fault, Faults

__all__ = ["Fault", "Faults"]
