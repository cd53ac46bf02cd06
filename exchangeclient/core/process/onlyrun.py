"""One run at a time: a lock on a file, for cron jobs that may overlap. The system frees it when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from exchangeclient.core.process.clock import SystemClock, nap
from exchangeclient.exceptions import AlreadyRunningException

_AGAIN_S = 0.05
_clock = SystemClock()


@contextlib.contextmanager
def only_run(path: str | Path, *, patience_s: float = 0.0) -> Iterator[None]:
    """Be the only one at it, among the processes and threads of this machine, as long as the block lasts.

    The file is made when it is not there and stays there, empty but for the number of the process that has it: taking it away would let
    two processes have a lock each. A process that is forked off within the block has the lock too, until it ends.

    :param path: of the file, which everybody who is to wait for one another names; on a disk of this machine
    :param patience_s: how long to wait for another run to end
    :raises AlreadyRunningException: when another run has it
    :raises OSError: when the file cannot be opened or locked
    """
    path = Path(path)
    until_s = _clock.monotonic_s() + patience_s
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        while not _locked(file):
            if _clock.monotonic_s() >= until_s:
                raise _taken(path, file)
            nap(_clock, _AGAIN_S)
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def _taken(path: Path, file: int) -> AlreadyRunningException:
    with contextlib.suppress(OSError, ValueError):
        pid = int(os.pread(file, 32, 0))
        return AlreadyRunningException(f"process {pid} is at it (it has the lock {path})", path=str(path), pid=pid)
    return AlreadyRunningException(f"another process is at it (it has the lock {path})", path=str(path))


try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _locked(file: int) -> bool:
        try:
            # Far behind what is written, because what is locked there cannot be read either.
            os.lseek(file, 1 << 20, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        os.lseek(file, 0, os.SEEK_SET)
        return True
else:

    def _locked(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
