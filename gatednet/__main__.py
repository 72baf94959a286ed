"""`python -m gatednet`: the command."""

import contextlib
import gc
import os
import sys

from gatednet.memory import uncollected


def main() -> None:
    """The command, in a process of its own."""
    with uncollected():
        from gatednet.figures.cli.main import main as command

    try:
        command()
    finally:
        # What is left goes with the process: to look for garbage in it takes Python another tenth of a second.
        gc.disable()


if __name__ == "__main__":
    # Python puts the working folder before everything: a file of a user's there would take the place of a module of
    # that name which is imported from here on. `--import` finds the modules of the folder all the same.
    with contextlib.suppress(OSError):
        if not sys.flags.safe_path and sys.path and os.path.abspath(sys.path[0]) == os.getcwd():
            del sys.path[0]

    main()
