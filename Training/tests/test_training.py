# SPDX-License-Identifier: Apache-2.0
"""The whole path on a small random data set: train, resume, export, run, and refuse bad input."""

import gzip
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from resbin_training import train
from resbin_training.data import Examples, augmented, load, split
from resbin_training.export import onnx_model, runtime_scores
from resbin_training.layers import ResidualSign, StraightThroughSign
from resbin_training.network import ResidualBinaryNetwork

SEED = 20


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory of MNIST's four files: 320 training images, gzip-compressed, and 40 test images, not."""
    generator = np.random.default_rng(SEED)
    directory = tmp_path / "data"
    directory.mkdir()
    for part, count, suffix, encode in [("train", 320, ".gz", gzip.compress), ("t10k", 40, "", bytes)]:
        images, labels = generator.integers(0, 256, (count, 28, 28)), generator.integers(0, 10, count)
        (directory / f"{part}-images-idx3-ubyte{suffix}").write_bytes(encode(idx(images)))
        (directory / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(encode(idx(labels)))
    return directory


def command(data: Path, directory: Path, *more: str) -> list[str]:
    return ["--data", str(data), "--output", str(directory / "small.onnx"), "--checkpoint",
            str(directory / "small.pt"), "--batch", "64", "--validation", "64", "--epochs", "2",
            "--levels", "2", *more]


def halves(data: Path) -> tuple[Examples, Examples]:
    return split(load(data, "train"), 64)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_exported_model_computes_what_pytorch_does(data: Path, tmp_path: Path, levels: int) -> None:
    assert train.main(command(data, tmp_path, "--levels", str(levels))) == 0
    model = onnx.load(tmp_path / "small.onnx")
    assert model.graph.name == "small"
    assert {entry.key for entry in model.metadata_props} == {
        "producer", "dataset", "levels", "seed", "epochs", "best_epoch", "validation_accuracy", "test_accuracy"}
    assert not (tmp_path / "small.pt").exists()

    network, _ = train.fit(train.Settings(levels, epochs=2, batch=64, validation=64), *halves(data),
                           tmp_path / "again.pt", report=lambda line: None)
    assert onnx_model(network, "small").graph == model.graph  # the same seed, the same network
    images = load(data, "t10k").images
    scores = runtime_scores(model, images)
    assert scores.shape == (40, 10) and scores.dtype == np.float32
    np.testing.assert_allclose(scores, train.scores_of(network, images), rtol=1e-4, atol=1e-4)


def test_exported_names_and_types() -> None:
    graph = onnx_model(ResidualBinaryNetwork(2), "any").graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    widths = [784, 256, 256, 256, 10]
    for layer, shape in enumerate(zip(widths, widths[1:]), start=1):
        weight = values[f"fc{layer}.weight"]
        assert weight.dtype == np.int8 and weight.shape == shape and set(np.unique(weight)) == {-1, 1}
        assert {f"fc{layer}_norm.{part}" for part in ("scale", "bias", "mean", "var")} <= values.keys()
    assert values["fc3_sign.gamma2"].shape == () and values["input.scale"] == np.float32(2 / 255)
    assert {node.op_type for node in graph.node} == {
        "Cast", "Mul", "Sub", "Flatten", "MatMul", "BatchNormalization", "Neg", "GreaterOrEqual", "Where", "Add"}


def test_sign_of_zero_is_plus_one() -> None:
    x = torch.tensor([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0], requires_grad=True)
    bits = StraightThroughSign.apply(x)
    bits.sum().backward()
    assert bits.tolist() == [-1, -1, 1, 1, 1, 1]
    assert x.grad.tolist() == [0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_gammas_stay_positive_and_decreasing(levels: int) -> None:
    layer = ResidualSign(levels)
    for trial in ([-1.0] * levels, [1.0] * levels, list(range(1, levels + 1)), [0.0] * levels):
        layer.gammas.data = torch.tensor(trial, dtype=torch.float32)
        layer.constrain()
        gammas = layer.gammas.tolist()
        assert gammas[-1] > 0 and all(first > second for first, second in zip(gammas, gammas[1:])), trial


def test_residual_sign_by_hand() -> None:
    layer = ResidualSign(2)
    layer.gammas.data = torch.tensor([1.0, 0.25])
    values = layer(torch.tensor([[-3.0, -0.9, 0.0, 0.9, 1.0]]))
    assert values.tolist() == [[-1.25, -0.75, 0.75, 0.75, 1.25]]


def test_no_augmentation_leaves_the_image() -> None:
    images = torch.randint(0, 256, (3, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(SEED))
    same = augmented(images, torch.Generator().manual_seed(SEED), shift=0, degrees=0)
    torch.testing.assert_close(same, images.float(), rtol=0, atol=1e-2)
    moved = augmented(images, torch.Generator().manual_seed(SEED), shift=2, degrees=10)
    assert moved.shape == images.shape and not torch.equal(moved, images.float())


def test_resumed_training_equals_an_uninterrupted_one(data: Path, tmp_path: Path) -> None:
    settings = train.Settings(levels=2, epochs=4, batch=64, validation=64)

    class Kill(Exception):
        pass

    def kill_after_epoch_2(line: str) -> None:
        if line.startswith("epoch 2/"):
            raise Kill

    lines: list[str] = []
    whole, _ = train.fit(settings, *halves(data), tmp_path / "whole.pt", report=lines.append)
    with pytest.raises(Kill):
        train.fit(settings, *halves(data), tmp_path / "killed.pt", report=kill_after_epoch_2)
    resumed, _ = train.fit(settings, *halves(data), tmp_path / "killed.pt", report=lines.append)
    assert lines[4].startswith("resumed after epoch 2")
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_checkpoint_of_other_settings_is_refused(data: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "one.pt"
    train.fit(train.Settings(2, epochs=1, batch=64), *halves(data), checkpoint, report=lambda line: None)
    with pytest.raises(train.InputError, match="was made with levels 2, this run has 3"):
        train.fit(train.Settings(3, epochs=1, batch=64), *halves(data), checkpoint)


def truncate(data: Path) -> None:
    path = data / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])


def truncate_gzip(data: Path) -> None:
    path = data / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(("damage", "more", "expected"), [
    (lambda data: None, ["--data", "absent"], "absent: no such directory; expected one with MNIST's four IDX files"),
    (lambda data: None, ["--levels", "5"], "--levels is 5; expected 1 to 4"),
    (lambda data: None, ["--levels", "two"], "argument --levels: invalid int value: 'two'"),
    (lambda data: None, ["--epochs", "0"], "--epochs is 0; expected 1 to 10000"),
    (lambda data: None, ["--validation", "320"], "--validation is 320; there are only 320 training images"),
    (lambda data: None, ["--batch", "500"], "--batch is 500; there are only 256 images to train with"),
    (lambda data: None, ["--output", "absent/m.onnx"], "absent: no such directory, for the output m.onnx"),
    (lambda data: (data / "t10k-labels-idx1-ubyte").unlink(), [],
     "{data}: holds neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz"),
    (truncate, [], "{data}/t10k-images-idx3-ubyte: holds 31260 bytes after its header;"
                   " the header announces 40 × 28 × 28 = 31360"),
    (truncate_gzip, [], "{data}/train-images-idx3-ubyte.gz: cannot be read: "
                        "Compressed file ended before the end-of-stream marker was reached"),
])
def test_bad_input_is_one_line_and_exit_code_1(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                               damage, more: list[str], expected: str) -> None:
    damage(data)
    assert train.main(command(data, tmp_path, *more)) == 1
    captured = capsys.readouterr()
    assert captured.err == f"error: {expected.format(data=data)}\n"
    assert captured.out == "" and not (tmp_path / "small.onnx").exists()
