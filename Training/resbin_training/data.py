# SPDX-License-Identifier: Apache-2.0
"""The data sets as their authors publish them, the validation split, and the augmentation."""

import gzip
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from . import InputError


@dataclass(frozen=True)
class Examples:
    """Images [N, channels, height, width] uint8, labels [N] int64 in 0…9."""

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
    """The images of a CIFAR-10 file of the binary version, gzip-compressed or not: [N, 3, 32, 32] uint8."""
    return _cifar_records(path)[:, 1:].reshape(-1, 3, 32, 32)


def _cifar_records(path: Path) -> np.ndarray:
    """[N, 3073] uint8: a record is a label, then the red, the green and the blue values in raster order."""
    content = _content(path)
    if len(content) == 0 or len(content) % 3073 != 0:
        raise InputError(f"{path}: holds {len(content)} bytes; expected records of 3073, CIFAR-10's binary version")
    return np.frombuffer(content, np.uint8).reshape(-1, 3073)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def load_mnist(directory: Path, part: str) -> Examples:
    """MNIST's four IDX files, gzip-compressed or not, under their own names."""
    stem = {"train": "train", "test": "t10k"}[part]
    images_path = _find(directory, f"{stem}-images-idx3-ubyte")
    labels_path = _find(directory, f"{stem}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (28, 28):
        raise InputError(f"{images_path}: images are {images.shape[1]} × {images.shape[2]}; expected 28 × 28")
    return _examples(labels_path, images[:, None], labels)


def load_cifar10(directory: Path, part: str) -> Examples:
    """CIFAR-10's binary version (data_batch_1.bin … 5, test_batch.bin, gzip-compressed or not).

    Where a data_batch is absent, the training images may be lossless mosaics, train_0.webp …: 5,000 images in 50 rows
    of 100, beside their labels, train_labels.txt, one digit each.
    """
    mosaics = sorted(directory.glob("train_[0-9].webp"))
    if part == "train" and mosaics and not list(directory.glob("data_batch_*.bin*")):
        labels_path = directory / "train_labels.txt"
        if not labels_path.is_file():
            raise InputError(f"{directory}: holds no train_labels.txt for its {len(mosaics)} train_*.webp")
        images = np.concatenate([_mosaic(path) for path in mosaics])
        digits = labels_path.read_bytes().strip()
        if not digits.isdigit():
            raise InputError(f"{labels_path}: expected one digit an image and nothing else")
        return _examples(labels_path, images, np.frombuffer(digits, np.uint8) - ord("0"))
    names = [f"data_batch_{n}.bin" for n in range(1, 6)] if part == "train" else ["test_batch.bin"]
    paths = [_find(directory, name) for name in names]
    records = np.concatenate([_cifar_records(path) for path in paths])
    return _examples(paths[0], records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0])


def _mosaic(path: Path) -> np.ndarray:
    try:
        picture = np.asarray(Image.open(path).convert("RGB"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if picture.shape != (1600, 3200, 3):
        raise InputError(f"{path}: is {picture.shape[1]} × {picture.shape[0]}; expected 3200 × 1600, 50 rows of 100"
                         " images")
    return picture.reshape(50, 32, 100, 32, 3).transpose(0, 2, 4, 1, 3).reshape(5000, 3, 32, 32)


def load_svhn(directory: Path, part: str) -> Examples:
    """SVHN's cropped digits, train_32x32.mat and test_32x32.mat; their label 10 means the digit 0."""
    path = _find(directory, f"{part}_32x32.mat")
    try:
        content = scipy.io.loadmat(path)
    except Exception as error:  # scipy raises many kinds
        raise InputError(f"{path}: cannot be read as a MATLAB file: {error}") from error
    images, labels = content.get("X"), content.get("y")
    if images is None or labels is None:
        raise InputError(f"{path}: holds no X and y; expected SVHN's cropped digits")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[:3] != (32, 32, 3):
        raise InputError(f"{path}: X is {images.dtype} {list(images.shape)}; expected uint8 [32, 32, 3, N]")
    labels = labels.reshape(-1)
    if labels.size and not (1 <= labels.min() and labels.max() <= 10):
        raise InputError(f"{path}: labels are {labels.min()} to {labels.max()}; expected 1 to 10")
    return _examples(path, images.transpose(3, 2, 0, 1), labels % 10)


LOADERS: dict[str, Callable[[Path, str], Examples]] = {
    "MNIST": load_mnist, "CIFAR-10": load_cifar10, "SVHN": load_svhn}


def load(dataset: str, directory: Path, part: str) -> Examples:
    """The images and labels of `part`, "train" or "test", of a data set in `LOADERS`."""
    if not directory.is_dir():
        raise InputError(f"{directory}: no such directory; expected one with {dataset}'s files")
    return LOADERS[dataset](directory, part)


def _examples(path: Path, images: np.ndarray, labels: np.ndarray) -> Examples:
    if len(images) != len(labels) or len(images) == 0:
        raise InputError(f"{path}: {len(labels)} labels for {len(images)} images")
    if labels.max() > 9:
        raise InputError(f"{path}: label {labels.max()}; expected 0 to 9")
    return Examples(torch.tensor(np.ascontiguousarray(images)), torch.tensor(labels, dtype=torch.int64))


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


@dataclass(frozen=True)
class Augmentation:
    """What happens to each training image at random: a shift, a rotation, a flip of left and right."""

    shift: float = 0.0  # pixels either way; whole ones where nothing is turned
    degrees: float = 0.0  # either way
    flip: bool = False

    def apply(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """[N, channels, height, width] uint8 → the same, uint8 or float32; background 0.

        Random numbers come from the CPU's `generator` wherever the images are.
        """
        if self.flip:
            flipped = torch.rand(len(images), generator=generator) < 0.5
            images = torch.where(flipped.to(images.device)[:, None, None, None], images.flip(3), images)
        if self.degrees:
            return self._turned(images, generator)
        return self._shifted(images, generator) if self.shift >= 1 else images

    def _shifted(self, images: Tensor, generator: torch.Generator) -> Tensor:
        margin, (height, width) = int(self.shift), images.shape[2:]
        padded = functional.pad(images, [margin] * 4)
        corners = torch.randint(0, 2 * margin + 1, (2, len(images)), generator=generator).to(images.device)
        rows = (corners[0, :, None] + torch.arange(height, device=images.device))[:, None, :, None]
        columns = (corners[1, :, None] + torch.arange(width, device=images.device))[:, None, None, :]
        image = torch.arange(len(images), device=images.device)[:, None, None, None]
        channel = torch.arange(images.shape[1], device=images.device)[None, :, None, None]
        return padded[image, channel, rows, columns]

    def _turned(self, images: Tensor, generator: torch.Generator) -> Tensor:
        def uniform(limit: float) -> Tensor:
            return (torch.rand(len(images), generator=generator) * 2 - 1) * limit

        angle = uniform(math.radians(self.degrees))
        height, width = images.shape[2:]
        # affine_grid measures in half image sizes.
        rows = [torch.stack([angle.cos(), -angle.sin(), uniform(2 * self.shift / width)], 1),
                torch.stack([angle.sin(), angle.cos(), uniform(2 * self.shift / height)], 1)]
        grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
        return functional.grid_sample(images.float(), grid.to(images.device), align_corners=False)
