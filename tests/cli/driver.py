"""Runs the commands on its standard input, [folder, arguments] each, and writes how they ended: `tools.together`."""

import contextlib
import io
import json
import os
import sys
import traceback

from gatednet.figures.cli.main import main


def answer(folder: str, arguments: list[str]) -> tuple[object, str, str]:
    """Exit code, output and errors of a command, as a process of its own has them."""
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
            code = 1
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    json.dump([answer(folder, arguments) for folder, arguments in json.load(sys.stdin)], sys.stdout)
