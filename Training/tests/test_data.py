# SPDX-License-Identifier: Apache-2.0
"""The readers on files made here, and the augmentation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import torch
from PIL import Image

from resbin_training import InputError
from resbin_training.data import Augmentation, load

SEED = 20


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(0, 256, shape).astype(np.uint8)


def test_cifar10_from_mosaics_equals_its_records(tmp_path: Path) -> None:
    images, labels = pixels(5000, 3, 32, 32), np.random.default_rng(SEED).integers(0, 10, 5000)
    mosaic = images.reshape(50, 100, 3, 32, 32).transpose(0, 3, 1, 4, 2).reshape(1600, 3200, 3)
    Image.fromarray(mosaic).save(tmp_path / "train_0.webp", lossless=True, exact=True)
    (tmp_path / "train_labels.txt").write_text("".join(map(str, labels)) + "\n")
    examples = load("CIFAR-10", tmp_path, "train")
    assert np.array_equal(examples.images.numpy(), images) and np.array_equal(examples.labels.numpy(), labels)

    for part in range(5):
        chosen = slice(part * 1000, (part + 1) * 1000)
        records = np.concatenate([labels[chosen, None].astype(np.uint8), images[chosen].reshape(1000, -1)], 1)
        (tmp_path / f"data_batch_{part + 1}.bin").write_bytes(records.tobytes())
    from_records = load("CIFAR-10", tmp_path, "train")
    assert torch.equal(from_records.images, examples.images) and torch.equal(from_records.labels, examples.labels)


def test_svhn_calls_the_digit_zero_ten(tmp_path: Path) -> None:
    images = pixels(32, 32, 3, 12)
    labels = np.array([10, *range(1, 11), 10], np.uint8)
    scipy.io.savemat(tmp_path / "train_32x32.mat", {"X": images, "y": labels[:, None]})
    examples = load("SVHN", tmp_path, "train")
    assert examples.labels.tolist() == [0, *range(1, 10), 0, 0] and examples.images.shape == (12, 3, 32, 32)
    assert np.array_equal(examples.images[7, 2].numpy(), images[:, :, 2, 7])


def mat(**content: Any) -> Callable[[Path], None]:
    return lambda folder: scipy.io.savemat(folder / "test_32x32.mat", content)


@pytest.mark.parametrize(("dataset", "part", "make", "expected"), [
    ("SVHN", "test", lambda folder: None, "{folder}: holds neither test_32x32.mat nor test_32x32.mat.gz"),
    ("SVHN", "test", mat(X=pixels(32, 32, 3, 2)), "{folder}/test_32x32.mat: holds no X and y; expected SVHN's cropped digits"),
    ("SVHN", "test", mat(X=pixels(28, 32, 3, 2), y=[1, 2]),
     "{folder}/test_32x32.mat: X is uint8 [28, 32, 3, 2]; expected uint8 [32, 32, 3, N]"),
    ("SVHN", "test", mat(X=pixels(32, 32, 3, 2), y=[0, 2]), "{folder}/test_32x32.mat: labels are 0 to 2; expected 1 to 10"),
    ("SVHN", "test", mat(X=pixels(32, 32, 3, 2), y=[1, 2, 3]), "{folder}/test_32x32.mat: 3 labels for 2 images"),
    ("SVHN", "test", lambda folder: (folder / "test_32x32.mat").write_bytes(b"no"),
     "{folder}/test_32x32.mat: cannot be read as a MATLAB file"),
    ("CIFAR-10", "train", lambda folder: (folder / "train_0.webp").write_bytes(b"no"),
     "{folder}: holds no train_labels.txt for its 1 train_*.webp"),
    ("CIFAR-10", "train", lambda folder: ((folder / "train_0.webp").write_bytes(b"no"),
                                          (folder / "train_labels.txt").write_text("1")),
     "{folder}/train_0.webp: cannot be read: cannot identify image file"),
    ("CIFAR-10", "train", lambda folder: (Image.new("RGB", (32, 32)).save(folder / "train_0.webp"),
                                          (folder / "train_labels.txt").write_text("1")),
     "{folder}/train_0.webp: is 32 × 32; expected 3200 × 1600, 50 rows of 100 images"),
    ("CIFAR-10", "test", lambda folder: (folder / "test_batch.bin").write_bytes(b"\x0b" + bytes(3072)),
     "{folder}/test_batch.bin: label 11; expected 0 to 9"),
    ("CIFAR-10", "test", lambda folder: (folder / "test_batch.bin").write_bytes(bytes(3000)),
     "{folder}/test_batch.bin: holds 3000 bytes; expected records of 3073, CIFAR-10's binary version"),
])
def test_a_damaged_file_is_named(tmp_path: Path, dataset: str, part: str, make: Callable[[Path], Any],
                                 expected: str) -> None:
    make(tmp_path)
    with pytest.raises(InputError) as raised:
        load(dataset, tmp_path, part)
    assert str(raised.value).startswith(expected.format(folder=tmp_path))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


def test_no_augmentation_leaves_the_image() -> None:
    images = torch.tensor(pixels(3, 1, 28, 28))
    assert torch.equal(Augmentation().apply(images, generator()), images)
    moved = Augmentation(shift=2, degrees=10).apply(images, generator())
    assert moved.shape == images.shape and not torch.equal(moved, images.float())


def test_shifts_are_whole_and_reach_both_ends() -> None:
    images = torch.ones(400, 2, 6, 5, dtype=torch.uint8)
    images[:, 1] = 2
    moved = Augmentation(shift=2).apply(images, generator())
    assert moved.dtype == torch.uint8 and moved.shape == images.shape
    rows, columns = (moved[:, 0].amax(axis) for axis in (2, 1))  # [N, 6], [N, 5]: 1 where the image still is
    assert set(rows.sum(1).tolist()) == {4, 5, 6} and set(columns.sum(1).tolist()) == {3, 4, 5}
    assert torch.equal(moved[:, 1], 2 * moved[:, 0])  # all channels alike


def test_about_half_of_the_images_are_flipped() -> None:
    images = torch.arange(4, dtype=torch.uint8).expand(400, 1, 3, 4)
    flipped = Augmentation(flip=True).apply(images, generator())[:, 0, 0, 0] == 3
    assert 150 < int(flipped.sum()) < 250
