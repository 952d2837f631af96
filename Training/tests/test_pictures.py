# SPDX-License-Identifier: Apache-2.0
"""Small trainings, drawn: the pictures hold what the runs hold, and bad run folders are refused."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch

from resbin_training import InputError, pictures, train
from resbin_training.history import WRITTEN, History, read
from resbin_training.layers import ResidualSign
from resbin_training.start import loaded

SEED = 21
RUNS = {
    "tanh": ["--levels", "3", "--method", "tanh", "--epochs", "7", "--harden", "2"],
    "joint": ["--levels", "1,3,2", "--joint", "--epochs", "3"],
    "one": ["--levels", "1", "--epochs", "1"],
    "teacher": ["--levels", "0", "--method", "float", "--epochs", "2"],
}


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the run folders of RUNS, trained on random images."""
    directory = tmp_path_factory.mktemp("runs")
    generator = np.random.default_rng(SEED)
    data = directory / "data"
    data.mkdir()
    for part, count in [("train", 320), ("t10k", 40)]:
        (data / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(generator.integers(0, 256, (count, 28, 28))))
        (data / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(generator.integers(0, 10, count)))
    for name, settings in RUNS.items():
        assert train.main(["mnist-256x3", "--data", str(data), "--run", str(directory / name), "--batch", "64",
                           "--validation", "64", "--threads", "1", *settings]) == 0
    return directory


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    """A copy of `trained`, to damage."""
    return shutil.copytree(trained, tmp_path / "runs")


def edit(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = run / "history.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def steps_of(axes: Axes) -> tuple[list[float], list[float]]:
    (patch,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    values, edges, _ = patch.get_data()
    return list(values), list(edges)


def points(line: Line2D) -> tuple[Any, Any]:
    """x and y."""
    data = np.asarray(line.get_xydata(), float)
    return data[:, 0], data[:, 1]


def figure_of(drawn: Figure | str) -> Figure:
    assert isinstance(drawn, Figure), drawn
    return drawn


# What is drawn, against what was trained.

@pytest.mark.parametrize("levels", [1, 2, 3, 4])
@pytest.mark.parametrize("ordered", [True, False])
def test_transfer_is_the_residual_sign(levels: int, ordered: bool) -> None:
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(20):
        layer = ResidualSign(levels, ordered)
        layer.assign(torch.rand(levels, generator=generator).sort(descending=True).values)
        gammas = layer.gammas.tolist()
        edges = pictures.steps(gammas, 3.0)[1]
        x = torch.cat([torch.randn(1000, generator=generator), torch.tensor([0.0, -0.0, *edges])])
        np.testing.assert_array_equal(pictures.transfer(gammas, x.numpy()), layer(x).detach().numpy())


def test_transfer_keeps_the_shape_and_its_input() -> None:
    x = np.array([[-3.0, -0.9, -0.0], [0.0, 0.9, 1.0]], np.float32)
    before = x.copy()
    assert pictures.transfer([1.0, 0.25], x).tolist() == [[-1.25, -0.75, 0.75], [0.75, 0.75, 1.25]]
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("gammas", [[0.8], [0.8, 0.4], [0.7, 0.6], [0.9, 0.3, 0.2, 0.1], [0.5, 0.5, 0.5]])
def test_steps_hold_between_their_edges(gammas: list[float]) -> None:
    values, edges = pictures.steps(gammas, 2.0)
    x = np.random.default_rng(SEED).uniform(-2, 2, 5000)
    x = x[np.abs(x[:, None] - np.array(edges)).min(1) > 1e-5]  # float32 may see an edge elsewhere
    np.testing.assert_array_equal(pictures.transfer(gammas, x), np.array(values)[np.searchsorted(edges, x) - 1])


def test_transfer_of_one_network_takes_its_first_gammas(trained: Path) -> None:
    run = read(trained / "tanh")
    figure = figure_of(pictures.transfer_figure(run))
    assert [axes.get_title() for axes in figure.axes] == ["first of 3 levels", "first 2 of 3 levels", "all 3 levels"]
    assert run.best is not None
    gammas = run.best.gammas["3"][0]
    for m, axes in enumerate(figure.axes, start=1):
        values, edges = steps_of(axes)
        middles = [(low + high) / 2 for low, high in zip(edges, edges[1:])]
        np.testing.assert_array_equal(values, pictures.transfer(gammas[:m], middles))
        assert len(set(values)) == 2**m
        x, identity = points(axes.lines[0])
        np.testing.assert_array_equal(identity, x)


def test_transfer_of_a_joint_network_takes_the_gammas_of_each_mode(trained: Path) -> None:
    run = read(trained / "joint")
    figure = figure_of(pictures.transfer_figure(run))
    assert [axes.get_title() for axes in figure.axes] == ["mode of 1 level", "mode of 2 levels", "mode of 3 levels"]
    assert run.best is not None
    for mode, axes in zip("123", figure.axes):
        gammas = run.best.gammas[mode][1]  # fc2, the first layer of three levels
        assert len(gammas) == int(mode) and max(steps_of(axes)[0]) == pictures.transfer(gammas, 9.0)
    assert figure.get_supxlabel() == f"input x of fc2's residual sign (γ after epoch {run.best.number})"


def test_temperatures_are_those_of_the_schedule(trained: Path) -> None:
    figure = figure_of(pictures.temperature_figure(read(trained / "tanh")))
    *soft, hard = figure.axes[0].lines
    schedule = [30 ** (epoch / 7) for epoch in (0, 2, 4, 5, 7)]
    assert len(soft) == 5
    for line, temperature in zip(soft, schedule):
        theta, weight = points(line)
        np.testing.assert_allclose(weight, np.tanh(temperature * theta), atol=1e-9)
    assert list(zip(*points(hard))) == [(-1, -1), (0, -1), (0, 1), (1, 1)]
    assert [line.get_label() for line in (soft[0], soft[-1], hard)] == [
        "T = 1, at the start", "T = 30, after epoch 7", "c · sign(Θ), hardened"]


def test_weights_are_drawn_while_they_are_soft(trained: Path) -> None:
    run = read(trained / "tanh")
    figure = pictures.weights_figure(run)
    assert [axes.get_title().split("\n")[0] for axes in figure.axes[:5]] == [
        "epoch 1", "epoch 3", "epoch 4", "epoch 6", "epoch 7"]
    assert len(figure.axes) == 4 * 5
    counts = np.array(run.epochs[2].histograms[3])  # fc4 after epoch 3
    values, edges = steps_of(figure.axes[3 * 5 + 1])
    shown = np.array(values)[counts > 0]
    np.testing.assert_array_equal(shown, counts[counts > 0] / 2560)
    np.testing.assert_allclose(edges, np.linspace(-1, 1, train.BINS + 1))
    assert set(np.array(values)[counts == 0]) <= {figure.axes[0].get_ylim()[0]}


def test_nine_layers_become_four_rows(runs: Path) -> None:
    def widen(content: dict[str, Any]) -> None:
        content["layers"] = [f"conv{index}" for index in range(1, 10)]
        for epoch in content["epochs"]:
            epoch["histograms"] = [epoch["histograms"][0]] * 9
            epoch["gammas"]["1"] = [[0.8]] * 8

    edit(runs / "one", widen)
    figure = pictures.weights_figure(read(runs / "one"))
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["conv1", "conv4", "conv6", "conv9"]


@pytest.mark.parametrize("name", RUNS)
def test_training_curves_are_the_history(trained: Path, name: str) -> None:
    run = read(trained / name)
    accuracy, loss = pictures.training_figure([run]).axes
    numbers = list(range(1, len(run.epochs) + 1))
    curves = [line for line in accuracy.lines if list(points(line)[0]) == numbers and line.get_marker() == "."]
    assert len(curves) == len(run.modes)
    for mode, line in zip(reversed(run.modes), curves):
        assert list(points(line)[1]) == [100 * epoch.validation[mode] for epoch in run.epochs]
    assert list(points(loss.lines[0])[1]) == [epoch.loss for epoch in run.epochs]

    best = loaded(trained / name / "checkpoint.pt")["progress"]["best_epoch"]
    rings = [line for line in accuracy.lines if line.get_marker() == "o"]
    assert run.best is not None and run.best.number == best
    assert [list(points(line)[0]) for line in rings] == [[best]] * len(run.modes)
    rules = [list(points(line)[0]) for axes in (accuracy, loss) for line in axes.lines[1:]
             if line.get_linestyle() == "--" and line.get_marker() == "None"]
    assert rules == ([[7.5, 7.5]] * 2 if name == "tanh" else [])


def test_the_later_of_two_best_epochs_wins_and_a_soft_one_never(runs: Path) -> None:
    def tie(content: dict[str, Any]) -> None:
        for epoch, accuracy in zip(content["epochs"], [0.9] * 7 + [0.5] * 2):
            epoch["validation"]["3"] = accuracy

    edit(runs / "tanh", tie)
    best = read(runs / "tanh").best
    assert best is not None and best.number == 9


def test_several_runs_are_named_in_the_legend(trained: Path) -> None:
    tanh, joint = read(trained / "tanh"), read(trained / "joint")
    assert tanh.best is not None and joint.best is not None
    labels = [text.get_text() for text in pictures.training_figure([tanh, joint]).legends[0].get_texts()]
    assert labels == [
        f"tanh ({100 * tanh.best.validation['3']:.2f} %)",
        *(f"joint, {m} level{'s' * (m > 1)} ({100 * joint.best.validation[str(m)]:.2f} %)" for m in (3, 2, 1)),
        "best epoch (accuracy)", "weights become ±1"]


def test_an_unfinished_run_is_drawn(runs: Path) -> None:
    edit(runs / "tanh", lambda content: content.update(epochs=content["epochs"][:3]))
    run = read(runs / "tanh")
    assert run.best is None and run.hardened is None
    labels = [text.get_text() for text in pictures.training_figure([run]).legends[0].get_texts()]
    assert labels == ["3 levels"]
    assert pictures.main([str(runs / "tanh"), "--output", str(runs / "out")]) == 0


def test_a_loss_that_is_not_finite_is_drawn(runs: Path) -> None:
    def diverge(content: dict[str, Any]) -> None:
        content["epochs"][1]["loss"], content["epochs"][2]["loss"] = float("nan"), float("inf")

    edit(runs / "joint", diverge)
    assert pictures.main([str(runs / "joint"), "--output", str(runs / "out")]) == 0


@pytest.mark.parametrize(("count", "expected"), [(1, [0]), (5, [0, 1, 2, 3, 4]), (6, [0, 1, 3, 4, 5]),
                                                 (300, [0, 75, 150, 224, 299])])
def test_evenly_picks_the_first_and_the_last(count: int, expected: list[int]) -> None:
    assert pictures.evenly(range(count), 5) == expected


# The files.

def test_one_run_gives_four_files(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "pictures"
    assert pictures.main([str(trained / "tanh"), "--output", str(output)]) == 0
    names = ["transfer.svg", "temperature.svg", "weights.svg", "training.svg"]
    assert capsys.readouterr() == ("".join(f"wrote {output / name}\n" for name in names), "")
    assert {path.name for path in output.iterdir()} == set(names)
    texts = {"transfer": ["output e", "all 3 levels", "e = x"],
             "temperature": ["latent weight Θ", "T = 1, at the start"],
             "weights": ["fc1", "fc4", "epoch 7", "T = 30", "100 %"],
             "training": ["epoch", "validation accuracy, %", "training loss, nats", "weights become ±1"]}
    for name in names:
        content = (output / name).read_text(encoding="utf-8")
        assert ElementTree.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
        for text in texts[name.removesuffix(".svg")]:
            assert f"<!-- {text} -->" in content, text  # matplotlib writes each text beside its outlines
        assert "dc:date" not in content


def test_several_runs_give_files_of_their_names(trained: Path, tmp_path: Path,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(trained / name) for name in ("one", "tanh", "teacher")]
    assert pictures.main([*folders, "--output", str(tmp_path), "--format", "png"]) == 0
    names = ["one-transfer", "one-weights", "tanh-transfer", "tanh-temperature", "tanh-weights", "teacher-weights",
             "training"]
    assert capsys.readouterr() == (
        "no temperature picture of one: weights by straight-through sign have no temperature\n"
        "no transfer picture of teacher: a network of real weights and ReLU has no residual sign\n"
        "no temperature picture of teacher: real weights have no temperature\n"
        + "".join(f"wrote {tmp_path / name}.png\n" for name in names), "")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.png" for name in names}
    assert all(path.read_bytes().startswith(b"\x89PNG\r\n") for path in tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_run_gives_the_same_bytes(trained: Path, tmp_path: Path, kind: str) -> None:
    command = [str(trained / "tanh"), "--format", kind, "--output"]
    assert pictures.main([*command, str(tmp_path / "first")]) == 0
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": None, "axes.grid": True}):  # as a matplotlibrc may
        assert pictures.main([*command, str(tmp_path / "second")]) == 0
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


def test_a_name_with_signs_of_markup_is_shown_as_it_is(runs: Path) -> None:
    name = "_a$b$ & <c> -- 100%"
    (runs / "one").rename(runs / name)
    assert pictures.main([str(runs / name), str(runs / "tanh"), "--output", str(runs / "out")]) == 0
    ElementTree.parse(runs / "out" / "training.svg")
    labels = [text.get_text() for text in pictures.training_figure([read(runs / name), read(runs / "tanh")])
              .legends[0].get_texts()]
    assert labels[0].startswith(f"{name} (")


# Bad input.

def epoch_of(number: int, key: str, value: object) -> Callable[[Path], None]:
    """A damage: sets the entry `key` of an epoch."""
    return lambda run: edit(run, lambda content: content["epochs"][number - 1].update({key: value}))


def file_of(text: bytes) -> Callable[[Path], object]:
    return lambda run: (run / "history.json").write_bytes(text)


@pytest.mark.parametrize(("damage", "expected"), [
    (lambda run: shutil.rmtree(run), ": no such directory; expected a run folder of resbin_training.train"),
    (lambda run: (run / "history.json").unlink(), f"/history.json: cannot be read: No such file or directory; {WRITTEN}"),
    (file_of(b""), f"/history.json: is no JSON: Expecting value: line 1 column 1 (char 0); {WRITTEN}"),
    (file_of(b"[" * 100_000), "/history.json: is no JSON: "),
    (file_of(b'{"settings": \xff}'), "/history.json: is no JSON: 'utf-8' codec can't decode byte 0xff in position 13:"
                                     f" invalid start byte; {WRITTEN}"),
    (file_of(b"[]"), "/history.json: is damaged: TypeError "),
    (file_of(b"{}"), f"/history.json: is damaged: KeyError 'settings'; {WRITTEN}"),
    (lambda run: edit(run, lambda content: content["epochs"][2].pop("loss")),
     f"/history.json: is damaged: KeyError 'loss'; {WRITTEN}"),
    (epoch_of(1, "loss", "small"),
     f"/history.json: is damaged: ValueError could not convert string to float: 'small'; {WRITTEN}"),
    *((damage, f"/history.json: its epochs do not fit together; {WRITTEN}") for damage in (
        lambda run: edit(run, lambda content: content.update(epochs=[])),
        lambda run: edit(run, lambda content: content["epochs"].pop(0)),
        lambda run: edit(run, lambda content: content.update(layers=[])),
        epoch_of(2, "validation", {"2": 0.5}), epoch_of(1, "gammas", {}), epoch_of(1, "gammas", {"3": [[0.8]]}),
        epoch_of(1, "histograms", [[1]]), epoch_of(1, "histograms", [[1], [0, 0], [1], [1]]))),
])
def test_a_damaged_run_is_refused(runs: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], object],
                                  expected: str) -> None:
    damage(runs / "tanh")
    assert pictures.main([str(runs / "one"), str(runs / "tanh"), "--output", str(runs / "out")]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and not (runs / "out").exists()
    if expected.endswith(" "):  # the rest is Python's own
        assert captured.err.startswith(f"error: {runs / 'tanh'}{expected}") and captured.err.count("\n") == 1
    else:
        assert captured.err == f"error: {runs / 'tanh'}{expected}\n"


@pytest.mark.parametrize(("arguments", "expected"), [
    (["{runs}/one", "--output", "{runs}/file"],
     "{runs}/file: cannot be made: File exists; expected a directory to write to"),
    (["{runs}/one", "--output", "{runs}/file/deeper"],
     "{runs}/file/deeper: cannot be made: Not a directory; expected a directory to write to"),
    (["{runs}/one", "--output", "{runs}/taken"],
     "{runs}/taken/transfer.svg: cannot be written: Is a directory; expected a file to replace"),
    (["{runs}/one", "{runs}/one", "--output", "{runs}/out"],
     "{runs}/one and {runs}/one: are both named one; expected different names, as the pictures get them"),
    (["{runs}/one", "{runs}/a", "{runs}/b", "{runs}/c", "{runs}/d", "{runs}/e", "{runs}/f", "--output", "{runs}/out"],
     "7 runs; expected at most 6, as many as there are colours"),
    (["{runs}/file", "--output", "{runs}/out"],
     "{runs}/file: no such directory; expected a run folder of resbin_training.train"),
    (["{runs}/" + "n" * 300, "--output", "{runs}/out"], "[Errno 36] File name too long: '{runs}/" + "n" * 300 + "'"),
    (["{runs}/one"], "the following arguments are required: --output"),
    (["--output", "{runs}/out"], "the following arguments are required: RUN"),
    (["{runs}/one", "--output", "{runs}/out", "--format", "pdf"],
     "argument --format: invalid choice: 'pdf' (choose from 'svg', 'png')"),
])
def test_bad_arguments_are_refused(runs: Path, capsys: pytest.CaptureFixture[str], arguments: list[str],
                                   expected: str) -> None:
    for name in "abcdef":
        shutil.copytree(runs / "one", runs / name)
    (runs / "file").write_bytes(b"kept")
    (runs / "taken" / "transfer.svg").mkdir(parents=True)
    assert pictures.main([argument.format(runs=runs) for argument in arguments]) == 1
    assert capsys.readouterr().err == f"error: {expected.format(runs=runs)}\n"
    assert not (runs / "out").exists() and (runs / "file").read_bytes() == b"kept"
    assert [path.name for path in (runs / "taken").iterdir()] == ["transfer.svg"]


def test_the_name_is_the_folders(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs / "one")
    history: History = read(Path("."))
    assert history.name == "one"
