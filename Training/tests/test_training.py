# SPDX-License-Identifier: Apache-2.0
"""The whole path on small random data sets: train, resume, export, run, and refuse bad input."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from resbin_training import InputError, train
from resbin_training.data import Examples, load, split
from resbin_training.export import onnx_model, runtime_scores
from resbin_training.network import CNV, Architecture, Layer, ResidualBinaryNetwork, perceptron
from resbin_training.recipes import RECIPES, Recipe, Settings
from resbin_training.start import best_network

SEED = 20
MNIST_256 = perceptron((256, 256, 256, 10))
# A CNV of a few filters: pooled after the sign, before it, and not.
SMALL_CNV = Architecture((3, 32, 32), (Layer(8, 3, "after"), Layer(8, 3, "before"), Layer(8, 3), Layer(16), Layer(10)))


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


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A directory of CIFAR-10's binary files: 5 × 40 training images and 30 test images, gzip-compressed."""
    generator = np.random.default_rng(SEED)
    directory = tmp_path / "pictures"
    directory.mkdir()
    for name, count in [*((f"data_batch_{n}.bin", 40) for n in range(1, 6)), ("test_batch.bin.gz", 30)]:
        records = generator.integers(0, 256, (count, 3073)).astype(np.uint8)
        records[:, 0] %= 10
        content = records.tobytes()
        (directory / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return directory


def command(data: Path, directory: Path, *more: str) -> list[str]:
    return ["mnist-256x3", "--data", str(data), "--output", str(directory / "small.onnx"), "--run",
            str(directory / "run"), "--batch", "64", "--validation", "64", "--epochs", "2", "--threads", "1",
            *([] if "--levels" in more else ["--levels", "2"]), *more]


def small(**more: object) -> Settings:
    return Settings(**{"recipe": "mnist-256x3", "levels": (2,), "epochs": 2, "batch": 64, "validation": 64, **more})


def halves(data: Path) -> tuple[Examples, Examples]:
    return split(load("MNIST", data, "train"), 64)


def quiet(line: str) -> None:
    pass


@pytest.mark.parametrize("more", [
    ["--levels", "1"], ["--levels", "3,1,2"], ["--levels", "2", "--method", "tanh"], ["--levels", "3", "--joint"],
    ["--levels", "2", "--joint", "--method", "tanh", "--distillation", "0.5"], ["--levels", "4", "--no-ordered"],
    ["--levels", "2", "--as-paper"], ["--levels", "1", "--bf16", "0.5", "--smoothing", "0.1"]], ids=" ".join)
def test_exported_model_computes_what_pytorch_does(data: Path, tmp_path: Path, more: list[str]) -> None:
    assert train.main(command(data, tmp_path, *more)) == 0
    model = onnx.load(tmp_path / "small.onnx")
    assert model.graph.name == "small"
    settings, network = best_network(tmp_path / "run" / "checkpoint.pt")
    images = load("MNIST", data, "test").images
    scores, expected = runtime_scores(model, images), train.scores_of(network, images)
    top = max(settings.levels)
    modes = range(top, 0, -1) if settings.joint else [top]
    assert [output.name for output in model.graph.output] == [
        "scores" if m == top else f"scores_m{m}" for m in modes]
    assert len(scores) == len(expected) == len(modes)
    for of_runtime, of_pytorch in zip(scores, expected):
        assert of_runtime.shape == (40, 10) and of_runtime.dtype == np.float32
        np.testing.assert_allclose(of_runtime, of_pytorch, rtol=1e-4, atol=1e-4)
    keys = {entry.key: entry.value for entry in model.metadata_props}
    assert {"producer", "recipe", "dataset", "levels", "method", "seed", "epochs", "best_epoch"} < keys.keys()
    correct = (scores[0].argmax(1) == load("MNIST", data, "test").labels.numpy()).mean()
    assert keys[f"test_accuracy_m{top}" if settings.joint else "test_accuracy"] == f"{correct:.4f}"


def test_the_same_seed_gives_the_same_network(data: Path, tmp_path: Path) -> None:
    graphs = []
    for name, seed in [("one", 1), ("two", 1), ("three", 2)]:
        network, _ = train.fit(small(seed=seed), *halves(data), tmp_path / name, report=quiet)
        graphs.append(onnx_model(network, "small").graph)
    assert graphs[0] == graphs[1] != graphs[2]


@pytest.mark.parametrize(("joint", "levels", "bits"), [(False, (2, 3, 1, 2), 8), (True, (3, 3, 3, 3), 8),
                                                       (True, (2, 2, 2, 2), 1)])
def test_a_convolution_trains_and_exports(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joint: bool,
                                          levels: tuple[int, ...], bits: int) -> None:
    architecture = Architecture(SMALL_CNV.image, SMALL_CNV.layers, bits)
    monkeypatch.setitem(RECIPES, "small-cnv", Recipe("CIFAR-10", architecture, {}, {}))
    settings = Settings("small-cnv", levels, joint=joint, epochs=1, batch=50, validation=50, shift=2, flip=True).checked()
    train.train_and_export(settings, pictures, tmp_path / "small.onnx", tmp_path / "run", "cpu")
    _, network = best_network(tmp_path / "run" / "checkpoint.pt")
    images = load("CIFAR-10", pictures, "test").images
    model = onnx.load(tmp_path / "small.onnx")
    for scores, expected in zip(runtime_scores(model, images), train.scores_of(network, images), strict=True):
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)


def test_maxima_before_and_after_the_sign_are_equal_when_ordered() -> None:
    torch.manual_seed(SEED)
    ordered = ResidualBinaryNetwork(SMALL_CNV, (3, 3, 3, 3)).eval()
    images = torch.randint(0, 256, (20, 3, 32, 32))
    expected = ordered(images)
    ordered.ordered = False  # so that values are pooled, in place of what is encoded
    torch.testing.assert_close(ordered(images), expected, rtol=0, atol=0)


def test_exported_names_and_types() -> None:
    graph = onnx_model(ResidualBinaryNetwork(MNIST_256, (2, 2, 2)), "any").graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    widths = [784, 256, 256, 256, 10]
    for layer, shape in enumerate(zip(widths, widths[1:]), start=1):
        weight = values[f"fc{layer}.weight"]
        assert weight.dtype == np.int8 and weight.shape == shape and set(np.unique(weight)) == {-1, 1}
        assert {f"fc{layer}_norm.{part}" for part in ("scale", "bias", "mean", "var")} <= values.keys()
    assert values["fc3_sign.gamma2"].shape == () and values["input.scale"] == np.float32(2 / 255)
    assert {node.op_type for node in graph.node} == {
        "Cast", "Mul", "Sub", "Flatten", "MatMul", "BatchNormalization", "Neg", "GreaterOrEqual", "Where", "Add"}


def test_a_joint_export_shares_its_weights() -> None:
    network = ResidualBinaryNetwork(MNIST_256, (3, 3, 3), joint=True)
    graph = onnx_model(network, "any").graph
    weights = [tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    assert [list(tensor.dims) for tensor in weights] == [[784, 256], [256, 256], [256, 256], [256, 10]]
    names = {tensor.name for tensor in graph.initializer}
    for suffix, levels in [("", 3), ("_m2", 2), ("_m1", 1)]:
        assert f"fc2_norm{suffix}.mean" in names and f"fc2_sign{suffix}.gamma{levels}" in names
        assert f"fc2_sign{suffix}.gamma{levels + 1}" not in names


def test_soft_weights_are_not_exported() -> None:
    network = ResidualBinaryNetwork(MNIST_256, (1, 1, 1), method="tanh")
    with pytest.raises(ValueError, match="the weights of fc1 are not binary yet"):
        onnx_model(network, "any")


def test_cnv_is_the_papers() -> None:
    network = ResidualBinaryNetwork(CNV, (1,) * 8)
    assert sum(weight.latent.numel() for weight in network.binary_weights) == 1_542_848
    assert network.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_temperature_hardens_the_weights(data: Path, tmp_path: Path) -> None:
    settings = small(method="tanh", epochs=3, harden=2, temperature=27.0)
    network, progress = train.fit(settings, *halves(data), tmp_path, report=quiet)
    assert [entry["is_binary"] for entry in progress.history] == [False, False, False, True, True]
    np.testing.assert_allclose([entry["temperature"] for entry in progress.history], [3, 9, 27, 27, 27], rtol=1e-6)
    assert progress.best_epoch in (4, 5)
    for weight in network.binary_weights:
        assert float(weight.scale.detach()) > 0
        torch.testing.assert_close(weight().abs(), weight.scale.expand_as(weight.latent), rtol=0, atol=0)


@pytest.mark.parametrize("method", ["sign", "tanh"])
def test_resumed_training_equals_an_uninterrupted_one(data: Path, tmp_path: Path, method: str) -> None:
    settings = small(epochs=3, method=method, shift=1.0, degrees=5.0)

    class Kill(Exception):
        pass

    def kill_after_epoch_2(line: str) -> None:
        if line.startswith("epoch 2/"):
            raise Kill

    lines: list[str] = []
    whole, _ = train.fit(settings, *halves(data), tmp_path / "whole", report=quiet)
    with pytest.raises(Kill):
        train.fit(settings, *halves(data), tmp_path / "killed", report=kill_after_epoch_2)
    resumed, _ = train.fit(settings, *halves(data), tmp_path / "killed", report=lines.append)
    assert lines[0].startswith("resumed after epoch 2 of ")
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_a_run_folder_tells_what_happened(data: Path, tmp_path: Path) -> None:
    train.fit(small(levels=(2,), joint=True), *halves(data), tmp_path, report=quiet)
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    history = json.loads((tmp_path / "history.json").read_text())
    assert [row["epoch"] for row in rows] == ["1", "2"] and history["layers"] == ["fc1", "fc2", "fc3", "fc4"]
    for row, entry in zip(rows, history["epochs"]):
        assert float(row["validation_m2"]) == entry["validation"]["2"]
        assert float(row["validation_m1"]) == entry["validation"]["1"]
        assert [sum(counts) for counts in entry["histograms"]] == [784 * 256, 256 * 256, 256 * 256, 2560]


def test_the_test_images_are_used_once(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(command(data, tmp_path)) == 0
    first = capsys.readouterr().out
    assert train.main(command(data, tmp_path)) == 0
    again = capsys.readouterr().out
    assert "by onnxruntime" in first and "by onnxruntime" not in again
    assert first.splitlines()[-1] == again.splitlines()[-1]


def test_checkpoint_of_other_settings_is_refused(data: Path, tmp_path: Path) -> None:
    train.fit(small(epochs=1), *halves(data), tmp_path, report=quiet)
    with pytest.raises(InputError, match=r"was made with levels \(2,\), this run has \(3,\)"):
        train.fit(small(epochs=1, levels=(3,)), *halves(data), tmp_path)


def test_a_training_starts_where_another_ended(data: Path, tmp_path: Path) -> None:
    """From its checkpoint or its ONNX file: the scores before the first step are those of the source."""
    assert train.main(command(data, tmp_path, "--levels", "3", "--joint")) == 0
    _, source = best_network(tmp_path / "run" / "checkpoint.pt")
    images = load("MNIST", data, "test").images
    for start in (tmp_path / "run" / "checkpoint.pt", tmp_path / "small.onnx"):
        network = ResidualBinaryNetwork(MNIST_256, (3, 3, 3), joint=True)
        train.begin(network, start, images)
        for scores, expected in zip(train.scores_of(network, images), train.scores_of(source, images)):
            np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)
    assert train.main(command(data, tmp_path, "--levels", "2", "--run", str(tmp_path / "second"), "--start",
                              str(tmp_path / "small.onnx"), "--output", str(tmp_path / "second.onnx"))) == 0
    properties = {entry.key: entry.value for entry in onnx.load(tmp_path / "second.onnx").metadata_props}
    assert properties["start"] == "small.onnx" and "teacher" not in properties


def test_biases_become_the_position_of_the_sign(tmp_path: Path) -> None:
    """A model with a bias before each sign, and inputs of ±1, gives the same scores' order after the start."""
    torch.manual_seed(SEED)
    source = ResidualBinaryNetwork(MNIST_256, (1, 1, 1)).eval()
    model = onnx_model(source, "biased")
    images = torch.randint(0, 256, (500, 1, 28, 28), dtype=torch.uint8)
    # The same network with biases only: s + b ≥ 0 where (s - 0) / 1 + 0.3 ≥ 0, and γ = 0.8 scales later sums.
    kept = [tensor for tensor in model.graph.initializer if "_norm." not in tensor.name]
    biases = [numpy_helper.from_array(np.full(256, bias, np.float32), f"fc{layer}.bias")
              for layer, bias in ((1, 20.0), (2, 5.0), (3, 5.0))]
    del model.graph.initializer[:]
    model.graph.initializer.extend([*kept, *biases])
    onnx.save(model, tmp_path / "biased.onnx")
    network = ResidualBinaryNetwork(MNIST_256, (1, 1, 1))
    train.begin(network, tmp_path / "biased.onnx", images)

    x = images.flatten(1) * float(np.float32(2 / 255)) - 1.0
    for weight, bias in zip(source.binary_weights, (20.0, 5.0, 5.0)):
        x = torch.where(x @ torch.where(weight.latent >= 0, 1.0, -1.0) + bias >= 0, 1.0, -1.0)
    sums = x @ torch.where(source.binary_weights[3].latent >= 0, 1.0, -1.0)
    last = network.banks["1"].norm(3)
    expected = (0.8 * sums - last.running_mean) / (last.running_var + last.eps).sqrt()
    equal = np.isclose(train.scores_of(network, images)[0], expected.detach().numpy(), atol=1e-3).all(1)
    assert equal.mean() > 0.99  # a sum that is exactly -b may turn by rounding


def test_a_teacher_teaches(data: Path, tmp_path: Path) -> None:
    teacher = tmp_path / "teacher"
    assert train.main(["mnist-256x3", "--levels", "0", "--method", "float", "--data", str(data), "--run", str(teacher),
                       "--batch", "64", "--validation", "64", "--epochs", "1", "--threads", "1"]) == 0
    assert train.main(command(data, tmp_path, "--teacher", str(teacher / "checkpoint.pt"), "--distillation", "1",
                              "--epochs", "1")) == 0
    taught = json.loads((tmp_path / "run" / "history.json").read_text())["epochs"][0]["loss"]
    plain, _ = train.fit(small(epochs=1), *halves(data), tmp_path / "plain", report=quiet)
    assert taught != json.loads((tmp_path / "plain" / "history.json").read_text())["epochs"][0]["loss"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_trains_the_same_command(data: Path, tmp_path: Path) -> None:
    train.fit(small(bf16=0.5), *halves(data), tmp_path, report=quiet, device="cuda")


def truncate(data: Path) -> None:
    path = data / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])


def truncate_gzip(data: Path) -> None:
    path = data / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])


def nothing(data: Path) -> None:
    pass


@pytest.mark.parametrize(("damage", "more", "expected"), [
    (nothing, ["--data", "absent"], "absent: no such directory; expected one with MNIST's files"),
    (nothing, ["--levels", "5"], "--levels is 5; expected 1 to 4"),
    (nothing, ["--levels", "2,2"], "--levels names 2 counts; expected one, or 3, one for each layer but the last"),
    (nothing, ["--levels", "two"], "argument --levels: 'two'; expected a number, or one for each layer, such as 3,2,2"),
    (nothing, ["--levels", "1", "--joint"],
     "--joint shares weights between level counts; expected --levels of 2 or more"),
    (nothing, ["--method", "float"],
     "--method float makes a teacher of real weights and ReLU; expected --levels 0 alone"),
    (nothing, ["--method", "float", "--levels", "0"],
     "--output is for binary networks; a teacher stays in its checkpoint"),
    (nothing, ["--method", "tanh", "--harden", "0"],
     "--harden is 0; weights by --method tanh need an epoch or more after they became ±1"),
    (nothing, ["--distillation", "0.5"], "--distillation is 0.5; expected a --teacher, or --joint, where the network of"
                                         " all levels teaches the others"),
    (nothing, ["--teacher", "absent.pt"],
     "--teacher teaches nothing while --distillation is 0; expected a share above 0"),
    (nothing, ["--teacher", "absent.pt", "--distillation", "0.5"],
     "absent.pt: cannot be read: No such file or directory"),
    (nothing, ["--start", "absent.onnx"], "absent.onnx: cannot be read as an ONNX model"),
    (nothing, ["--epochs", "0"], "--epochs is 0; expected 1 to 10000"),
    (nothing, ["--threads", "0"], "--threads is 0; expected 1 or more"),
    (nothing, ["--validation", "320"], "--validation is 320; there are only 320 training images"),
    (nothing, ["--batch", "500"], "--batch is 500; there are only 256 images to train with"),
    (nothing, ["--output", "absent/m.onnx"], "absent: no such directory, for the output m.onnx"),
    (lambda data: (data / "t10k-labels-idx1-ubyte").unlink(), [],
     "{data}: holds neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz"),
    (truncate, [], "{data}/t10k-images-idx3-ubyte: holds 31260 bytes after its header;"
                   " the header announces 40 × 28 × 28 = 31360"),
    (truncate_gzip, [], "{data}/train-images-idx3-ubyte.gz: cannot be read: "
                        "Compressed file ended before the end-of-stream marker was reached"),
])
def test_bad_input_is_one_line_and_exit_code_1(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                               damage: Callable[[Path], object], more: list[str],
                                               expected: str) -> None:
    damage(data)
    assert train.main(command(data, tmp_path, *more)) == 1
    captured = capsys.readouterr()
    assert captured.err == f"error: {expected.format(data=data)}\n"
    assert captured.out == "" and not (tmp_path / "small.onnx").exists() and not (tmp_path / "run").exists()
