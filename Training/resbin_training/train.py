# SPDX-License-Identifier: Apache-2.0
"""Trains one network and exports it: python -m resbin_training.train --help"""

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional

from . import InputError
from .data import Examples, augmented, load, split
from .export import add_metadata, onnx_model, runtime_scores
from .network import ResidualBinaryNetwork

BOUNDS = {"levels": (1, 4), "seed": (0, 1_000_000), "epochs": (1, 10_000), "batch": (2, 10_000),
          "rate": (1e-6, 1.0), "smoothing": (0.0, 0.9), "shift": (0.0, 14.0), "degrees": (0.0, 180.0),
          "validation": (1, 50_000)}


@dataclass(frozen=True)
class Settings:
    """All that decides the trained network, besides the data and the machine's arithmetic."""

    levels: int
    seed: int = 1
    epochs: int = 60
    batch: int = 128
    rate: float = 5e-3
    smoothing: float = 0.0
    shift: float = 1.0  # pixels
    degrees: float = 5.0
    validation: int = 10_000


@dataclass
class Progress:
    """Where a training stands after `epoch` epochs, and the best network so far."""

    epoch: int
    best_epoch: int
    best_accuracy: float  # on the validation images, 0…1
    best_state: dict[str, Tensor]


def fit(settings: Settings, training: Examples, validation: Examples, checkpoint: Path,
        report: Callable[[str], None] = print) -> tuple[ResidualBinaryNetwork, Progress]:
    """Trains from the checkpoint, if there is one, to the last epoch; returns the best network.

    The epoch of the highest validation accuracy wins, a later one on a tie. Every epoch draws from its
    own random generator, so a resumed training gives the same network as an uninterrupted one.
    """
    if len(training) < settings.batch:
        raise InputError(f"--batch is {settings.batch}; there are only {len(training)} images to train with")
    torch.manual_seed(settings.seed)
    network = ResidualBinaryNetwork(settings.levels)
    gammas = [layer.gammas for layer in network.signs]
    others = [p for p in network.parameters() if all(p is not gamma for gamma in gammas)]
    # A γ steers a whole layer: at the full rate the noise of its Adam steps moves it more than the loss does.
    optimizer = torch.optim.Adam([{"params": others, "share": 1.0}, {"params": gammas, "share": 0.1}])
    progress = _resume(checkpoint, settings, network, optimizer) or Progress(0, 0, -1.0, {})
    if progress.epoch:
        report(f"resumed after epoch {progress.epoch} from {checkpoint}")

    steps = len(training) // settings.batch
    for epoch in range(progress.epoch, settings.epochs):
        start = time.monotonic()
        network.train()
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch)
        order = torch.randperm(len(training), generator=generator)
        loss_sum = 0.0
        for step in range(steps):
            rate = settings.rate * (1 + math.cos(math.pi * (epoch + step / steps) / settings.epochs)) / 2
            for group in optimizer.param_groups:
                group["lr"] = rate * group["share"]
            chosen = order[step * settings.batch:(step + 1) * settings.batch]
            images = augmented(training.images[chosen], generator, settings.shift, settings.degrees)
            loss = functional.cross_entropy(
                network(images), training.labels[chosen], label_smoothing=settings.smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            network.constrain()
            loss_sum += loss.item()

        accuracy = accuracy_of(scores_of(network, validation.images), validation)
        progress.epoch = epoch + 1
        if accuracy >= progress.best_accuracy:
            state = {key: value.clone() for key, value in network.state_dict().items()}
            progress = Progress(epoch + 1, epoch + 1, accuracy, state)
        _save(checkpoint, settings, network, optimizer, progress)
        report(f"epoch {progress.epoch}/{settings.epochs}  loss {loss_sum / steps:.4f}  validation {accuracy:.2%}"
               f"  best {progress.best_accuracy:.2%} (epoch {progress.best_epoch})"
               f"  {time.monotonic() - start:.1f} s")
    network.load_state_dict(progress.best_state)
    return network.eval(), progress


@torch.no_grad()
def scores_of(network: ResidualBinaryNetwork, images: Tensor) -> np.ndarray:
    """Images [N, 1, 28, 28] → scores [N, 10], in eval mode."""
    network.eval()
    return torch.cat([network(batch) for batch in images.split(1000)]).numpy()


def accuracy_of(scores: np.ndarray, examples: Examples) -> float:
    """The share of `examples` whose highest score is their label's."""
    return float((scores.argmax(1) == examples.labels.numpy()).mean())


def _save(path: Path, settings: Settings, network: ResidualBinaryNetwork, optimizer: torch.optim.Optimizer,
          progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save({"settings": asdict(settings), "network": network.state_dict(),
                "optimizer": optimizer.state_dict(), "progress": vars(progress)}, partial)
    os.replace(partial, path)  # so that a kill leaves the old checkpoint or the new one


def _resume(path: Path, settings: Settings, network: ResidualBinaryNetwork,
            optimizer: torch.optim.Optimizer) -> Progress | None:
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = torch.load(path, weights_only=True)
        saved = content["settings"]
    except Exception as error:  # torch.load raises many kinds
        raise InputError(f"{path}: is no checkpoint of this program; remove it to start anew") from error
    for key, value in asdict(settings).items():
        if saved.get(key) != value:
            raise InputError(f"{path}: was made with {key} {saved.get(key)}, this run has {value};"
                             " remove it or pass another --checkpoint")
    network.load_state_dict(content["network"])
    optimizer.load_state_dict(content["optimizer"])
    return Progress(**content["progress"])


def train_and_export(settings: Settings, data: Path, output: Path, checkpoint: Path) -> None:
    """Trains, exports to `output`, and measures the exported model once on the test images."""
    if not output.parent.is_dir():
        raise InputError(f"{output.parent}: no such directory, for the output {output.name}")
    training, validation = split(load(data, "train"), settings.validation)
    test = load(data, "t10k")
    network, progress = fit(settings, training, validation, checkpoint)

    model = onnx_model(network, output.stem)
    scores, expected = runtime_scores(model, test.images), scores_of(network, test.images)
    accuracy = accuracy_of(scores, test)
    add_metadata(model, {
        "producer": "resbin-training", "dataset": "MNIST", "levels": settings.levels, "seed": settings.seed,
        "epochs": settings.epochs, "best_epoch": progress.best_epoch,
        "validation_accuracy": f"{progress.best_accuracy:.4f}", "test_accuracy": f"{accuracy:.4f}"})
    onnx.save(model, output)
    checkpoint.unlink()
    print(f"test {accuracy:.2%} by onnxruntime, {accuracy_of(expected, test):.2%} by PyTorch;"
          f" {(scores.argmax(1) != expected.argmax(1)).sum()} of {len(test)} predictions differ")
    print(f"wrote {output}, {output.stat().st_size} bytes")


class _Parser(argparse.ArgumentParser):
    """Reports a bad argument as every other bad input: one line, exit code 1."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = _Parser(prog="python -m resbin_training.train", description=__doc__.split(":")[0] + ".")
    parser.add_argument("--levels", type=int, required=True, help="residual levels M, 1 to 4")
    parser.add_argument("--data", type=Path, required=True, help="directory of MNIST's four IDX files, gzipped or not")
    parser.add_argument("--output", type=Path, required=True, help="the .onnx file to write; its stem names the graph")
    parser.add_argument("--checkpoint", type=Path, help="default: ~/.cache/resbin-training/STEM-seedSEED.pt")
    for name, description in [
            ("seed", "of the first weights, the order and the augmentation"), ("epochs", "over the training images"),
            ("batch", "images a step"), ("rate", "Adam's first learning rate; it falls to 0 as a cosine"),
            ("smoothing", "of the labels"), ("shift", "largest shift, pixels"), ("degrees", "largest rotation"),
            ("validation", "last training images held out to choose the epoch")]:
        default = getattr(Settings, name)
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"{description} ({default})")
    try:
        options = vars(parser.parse_args(arguments))
        data, output, checkpoint = (options.pop(key) for key in ("data", "output", "checkpoint"))
        settings = Settings(**options)
        for name, (least, most) in BOUNDS.items():
            if not least <= options[name] <= most:
                raise InputError(f"--{name} is {options[name]}; expected {least} to {most}")
        torch.set_num_threads(1)  # sums in one order: the same seed gives the same network
        default = Path.home() / ".cache" / "resbin-training" / f"{output.stem}-seed{settings.seed}.pt"
        train_and_export(settings, data, output, checkpoint or default)
    except (InputError, OSError) as error:  # OSError: a file that cannot be written
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
