# SPDX-License-Identifier: Apache-2.0
"""Trains residual-binary networks and writes them as ONNX files that ResBin imports."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn


class InputError(Exception):
    """Something the user gave is unusable; the message is one line: where, what is, what was expected."""


class Parser(argparse.ArgumentParser):
    """Reports a bad argument as every other bad input: one line, exit code 1."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Writes a file so that a failure or a kill leaves the old one or the new one."""
    partial = path.with_name(path.name + ".partial")
    try:
        write(partial)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
