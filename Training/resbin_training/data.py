# SPDX-License-Identifier: Apache-2.0
"""MNIST's IDX files, CIFAR-10's records, the validation split, and the augmentation."""

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from . import InputError


@dataclass(frozen=True)
class Examples:
    """Images [N, 1, 28, 28] uint8, labels [N] int64 in 0…9."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """An IDX file of bytes, gzip-compressed or not, as an array of `dimensions` dimensions.

    Header: 0, 0, 8 (bytes), the number of dimensions, then each dimension in four bytes, big-endian.
    """
    content = _content(path)
    header = 4 + 4 * dimensions
    magic = bytes([0, 0, 8, dimensions])
    if content[:4] != magic:
        raise InputError(f"{path}: starts with {content[:4].hex()}; expected {magic.hex()}, an IDX file"
                         f" of bytes in {dimensions} dimensions")
    if len(content) < header:
        raise InputError(f"{path}: has {len(content)} bytes; its header alone takes {header}")
    shape = [int(size) for size in np.frombuffer(content, ">u4", dimensions, offset=4)]
    if len(content) - header != math.prod(shape):
        raise InputError(f"{path}: holds {len(content) - header} bytes after its header; the header"
                         f" announces {' × '.join(map(str, shape))} = {math.prod(shape)}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_cifar(path: Path) -> np.ndarray:
    """The images of a CIFAR-10 file of the binary version, gzip-compressed or not: [N, 3, 32, 32] uint8.

    A record is a label, then the red, the green and the blue values in raster order.
    """
    content = _content(path)
    if len(content) == 0 or len(content) % 3073 != 0:
        raise InputError(f"{path}: holds {len(content)} bytes; expected records of 3073, CIFAR-10's binary version")
    return np.frombuffer(content, np.uint8).reshape(-1, 3073)[:, 1:].reshape(-1, 3, 32, 32)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def load(directory: Path, part: str) -> Examples:
    """The images and labels of `part`, "train" or "t10k", from the files of MNIST's names in `directory`."""
    if not directory.is_dir():
        raise InputError(f"{directory}: no such directory; expected one with MNIST's four IDX files")
    images_path = _find(directory, f"{part}-images-idx3-ubyte")
    labels_path = _find(directory, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (28, 28):
        raise InputError(f"{images_path}: images are {images.shape[1]} × {images.shape[2]}; expected 28 × 28")
    if len(images) != len(labels) or len(images) == 0:
        raise InputError(f"{labels_path}: {len(labels)} labels for {len(images)} images")
    if labels.max() > 9:
        raise InputError(f"{labels_path}: label {labels.max()}; expected 0 to 9")
    return Examples(torch.tensor(images).unsqueeze(1), torch.tensor(labels, dtype=torch.int64))


def _find(directory: Path, name: str) -> Path:
    for path in (directory / name, directory / f"{name}.gz"):
        if path.is_file():
            return path
    raise InputError(f"{directory}: holds neither {name} nor {name}.gz")


def split(examples: Examples, validation: int) -> tuple[Examples, Examples]:
    """All but the last `validation` examples to train with, and those to choose the epoch with."""
    count = len(examples) - validation
    if count <= 0:
        raise InputError(f"--validation is {validation}; there are only {len(examples)} training images")
    return (Examples(examples.images[:count], examples.labels[:count]),
            Examples(examples.images[count:], examples.labels[count:]))


def augmented(images: Tensor, generator: torch.Generator, shift: float, degrees: float) -> Tensor:
    """Each image moved by up to `shift` pixels either way and turned by up to `degrees`.

    [N, 1, 28, 28] uint8 → the same, float32, bilinear, background 0.
    """
    def uniform(limit: float) -> Tensor:
        return (torch.rand(len(images), generator=generator) * 2 - 1) * limit

    angle = uniform(math.radians(degrees))
    # affine_grid measures in half image widths, of 14 pixels.
    rows = [torch.stack([angle.cos(), -angle.sin(), uniform(shift / 14)], 1),
            torch.stack([angle.sin(), angle.cos(), uniform(shift / 14)], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return functional.grid_sample(images.float(), grid, align_corners=False)
