"""The command, also as ``python -m edgedigits`` where the folder that it was installed into is on no search path."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; Ctrl-C ends it in a line also while it is loaded, and when it has done its work."""
    try:
        from edgedigits.cli.main import main as command

        command()
    except KeyboardInterrupt:
        sys.stderr.write("Error: stopped: nothing was written; the same command starts again\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
