# SPDX-License-Identifier: Apache-2.0
"""Trains residual-binary networks and writes them as ONNX files that ResBin imports."""


class InputError(Exception):
    """Something the user gave is unusable; the message is one line: where, what is, what was expected."""
