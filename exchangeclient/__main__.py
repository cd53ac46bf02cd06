"""``python -m exchangeclient`` is the command line."""

from __future__ import annotations

from exchangeclient.cli import main

if __name__ == "__main__":
    main()
