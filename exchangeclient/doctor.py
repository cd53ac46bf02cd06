"""What is wrong with this machine, the way to the venue, or the key::

from exchangeclient.doctor import examine

for finding in examine(client):
    print(finding.verdict, finding.what, finding.says, finding.advice)
"""

from __future__ import annotations

from exchangeclient.binance.checkup import examine, examine_venue
from exchangeclient.core.machine import Finding, examine_machine

__all__ = ["examine", "examine_machine", "examine_venue", "Finding"]
