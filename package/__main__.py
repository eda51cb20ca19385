"""``python -m edgedigits``: the command, also where the folder that it was installed into is on no search path."""

from __future__ import annotations

from edgedigits.cli.main import main

if __name__ == "__main__":
    main()
