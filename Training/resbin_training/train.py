# SPDX-License-Identifier: Apache-2.0
"""Trains one network and exports it: python -m resbin_training.train --help"""

import argparse
import csv
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from . import InputError, Parser, replace
from .data import Examples, load, split
from .export import add_metadata, onnx_model, runtime_scores
from .network import ResidualBinaryNetwork
from .recipes import BOUNDS, RECIPES, Settings
from .start import begin, best_network, built, loaded

# Scores are divided by this before a student's are compared with its teacher's (Hinton, arXiv 1503.02531).
SOFTENING = 2.0
# A γ steers a whole layer: at the full rate the noise of its Adam steps moves it more than the loss does.
GAMMA_SHARE = 0.1
HARDENING_SHARE = 0.1
BINS = 41  # of the histograms of weights, from -1 to 1


@dataclass
class Progress:
    """Where a training stands after `epoch` epochs, the best network so far, and what each epoch gave."""

    epoch: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0  # on the validation images, 0…1, the mean over the modes
    best_state: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    tested: dict[str, float] = field(default_factory=dict)  # by mode, once the test images were used


def fit(settings: Settings, training: Examples, validation: Examples, run: Path,
        report: Callable[[str], None] = print, device: str = "cpu") -> tuple[ResidualBinaryNetwork, Progress]:
    """Trains from the checkpoint in the folder `run`, if there is one, to the last epoch; returns the best network.

    The epoch of the highest validation accuracy wins, a later one on a tie; of "tanh" weights only epochs in which
    they are binary count. Every epoch draws from its own random generator, so a resumed training gives the same network
    as an uninterrupted one. The folder gets checkpoint.pt, history.json and log.csv after every epoch.
    """
    if len(training) < settings.batch:
        raise InputError(f"--batch is {settings.batch}; there are only {len(training)} images to train with")
    torch.manual_seed(settings.seed)
    network = built(settings).to(device)
    teacher = best_network(Path(settings.teacher))[1].to(device) if settings.teacher else None
    optimizer = torch.optim.Adam(_groups(network))
    progress = _resumed(run, settings, network, optimizer)
    if progress.epoch:
        report(f"resumed after epoch {progress.epoch} of {settings.epochs_in_all} from {run}")
    elif settings.start:
        begin(network, Path(settings.start), training.images[:2000].to(device))
    training, validation = (Examples(part.images.to(device), part.labels.to(device)) for part in (training, validation))

    for epoch in range(progress.epoch, settings.epochs_in_all):
        started = time.monotonic()
        if settings.is_hardening(epoch):
            for weight in network.binary_weights:
                weight.harden()
        loss = _train_epoch(settings, epoch, network, teacher, optimizer, training)
        accuracies = {mode: accuracy_of(scores, validation)
                      for mode, scores in zip(network.modes, scores_of(network, validation.images))}
        progress.epoch = epoch + 1
        mean = sum(accuracies.values()) / len(accuracies)
        is_binary = settings.method != "tanh" or settings.is_hardening(epoch)
        if is_binary and mean >= progress.best_accuracy:
            state = {key: value.detach().cpu().clone() for key, value in network.state_dict().items()}
            progress.best_epoch, progress.best_accuracy, progress.best_state = epoch + 1, mean, state
        progress.history.append({
            "epoch": epoch + 1, "loss": loss, "rate": _rate(settings, epoch + 1), "temperature": _temperature(settings, epoch + 1),
            "is_binary": is_binary, "seconds": time.monotonic() - started, "validation": accuracies,
            "gammas": network.gammas(), "histograms": _histograms(network)})
        _save(run, settings, network, optimizer, progress)
        best = f"  best {progress.best_accuracy:.2%} (epoch {progress.best_epoch})" if progress.best_epoch else ""
        report(f"epoch {epoch + 1}/{settings.epochs_in_all}  loss {loss:.4f}  validation {_listed(accuracies)}{best}"
               f"  {time.monotonic() - started:.1f} s")
    network.load_state_dict(progress.best_state)
    return network.eval(), progress


def _train_epoch(settings: Settings, epoch: int, network: ResidualBinaryNetwork, teacher: ResidualBinaryNetwork | None,
                 optimizer: torch.optim.Optimizer, training: Examples) -> float:
    """One pass over the training images; returns the mean loss of a step."""
    network.train()
    device = training.images.device
    generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch)
    order = torch.randperm(len(training), generator=generator).to(device)
    steps = len(training) // settings.batch
    in_bf16 = epoch < settings.bf16 * settings.epochs
    total = 0.0
    for step in tqdm(range(steps), desc=f"epoch {epoch + 1}", leave=False, disable=None, mininterval=1):
        _set(settings, epoch + step / steps, network, optimizer)
        chosen = order[step * settings.batch:(step + 1) * settings.batch]
        images = settings.augmentation.apply(training.images[chosen], generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=in_bf16):
            taught = None
            if teacher is not None:
                with torch.no_grad():
                    taught = teacher(images)
            loss = _loss(settings, network.scores_by_mode(images), training.labels[chosen], taught)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        network.constrain()
        total += loss.item()
    return total / steps


def _loss(settings: Settings, scores: list[Tensor], labels: Tensor, taught: Tensor | None) -> Tensor:
    """The mean over the modes. Without a teacher the mode of all levels teaches the others."""
    losses = []
    for index, of_mode in enumerate(scores):
        loss = functional.cross_entropy(of_mode.float(), labels, label_smoothing=settings.smoothing)
        wise = taught if taught is not None else scores[0].detach() if index > 0 else None
        if settings.distillation and wise is not None:
            compared = functional.kl_div(
                functional.log_softmax(of_mode.float() / SOFTENING, 1),
                functional.log_softmax(wise.float() / SOFTENING, 1), log_target=True, reduction="batchmean")
            loss = (1 - settings.distillation) * loss + settings.distillation * SOFTENING**2 * compared
        losses.append(loss)
    return torch.stack(losses).mean()


def _groups(network: ResidualBinaryNetwork) -> list[dict[str, Any]]:
    gammas = [parameter for name, parameter in network.named_parameters() if name.endswith("log_steps")]
    others = [parameter for name, parameter in network.named_parameters() if not name.endswith("log_steps")]
    return [{"params": others, "share": 1.0}, {"params": gammas, "share": GAMMA_SHARE}]


def _rate(settings: Settings, epoch: float) -> float:
    """The learning rate at `epoch`, which counts parts of epochs too."""
    if epoch >= settings.epochs and settings.method == "tanh":
        part = (epoch - settings.epochs) / max(settings.harden, 1)
        return settings.rate * HARDENING_SHARE * (1 + math.cos(math.pi * part)) / 2
    if settings.schedule == "constant":
        return settings.rate
    return settings.rate * (1 + math.cos(math.pi * epoch / settings.epochs)) / 2


def _temperature(settings: Settings, epoch: float) -> float:
    return settings.temperature ** min(epoch / settings.epochs, 1.0) if settings.method == "tanh" else 1.0


def _set(settings: Settings, epoch: float, network: ResidualBinaryNetwork, optimizer: torch.optim.Optimizer) -> None:
    rate = _rate(settings, epoch)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
    if settings.method == "tanh":
        for weight in network.binary_weights:
            weight.temperature.fill_(_temperature(settings, epoch))


@torch.no_grad()
def scores_of(network: ResidualBinaryNetwork, images: Tensor) -> list[np.ndarray]:
    """Images [N, channels, height, width] → scores [N, 10] of each mode, in eval mode."""
    network.eval()
    batches = [network.scores_by_mode(batch) for batch in images.split(500)]
    return [torch.cat(list(scores)).cpu().numpy() for scores in zip(*batches)]


def accuracy_of(scores: np.ndarray, examples: Examples) -> float:
    """The share of `examples` whose highest score is their label's."""
    return float((scores.argmax(1) == examples.labels.cpu().numpy()).mean())


@torch.no_grad()
def _histograms(network: ResidualBinaryNetwork) -> list[list[int]]:
    return [torch.histc(weight.soft.float().cpu(), BINS, -1, 1).int().tolist() for weight in network.binary_weights]


def _listed(accuracies: dict[str, float]) -> str:
    if len(accuracies) == 1:
        return f"{next(iter(accuracies.values())):.2%}"
    return " ".join(f"m{mode} {accuracy:.2%}" for mode, accuracy in accuracies.items())


def _save(run: Path, settings: Settings, network: ResidualBinaryNetwork, optimizer: torch.optim.Optimizer,
          progress: Progress) -> None:
    run.mkdir(parents=True, exist_ok=True)
    _write_run(run, settings, progress, {"network": network.state_dict(), "optimizer": optimizer.state_dict()})


def _write_run(run: Path, settings: Settings, progress: Progress, states: dict[str, Any]) -> None:
    content = {**states, "settings": asdict(settings), "progress": vars(progress)}
    replace(run / "checkpoint.pt", lambda path: torch.save(content, path))
    history = json.dumps({"settings": asdict(settings), "layers": RECIPES[settings.recipe].architecture.names,
                          "tested": progress.tested, "epochs": progress.history})
    replace(run / "history.json", lambda path: path.write_text(history + "\n"))
    replace(run / "log.csv", lambda path: _write_log(path, progress.history))


def _write_log(path: Path, history: Iterable[dict[str, Any]]) -> None:
    columns = ["epoch", "loss", "rate", "temperature", "seconds"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        for index, entry in enumerate(history):
            if index == 0:
                writer.writerow([*columns, *(f"validation_m{mode}" for mode in entry["validation"])])
            writer.writerow([*(entry[column] for column in columns), *entry["validation"].values()])


def _resumed(run: Path, settings: Settings, network: ResidualBinaryNetwork,
             optimizer: torch.optim.Optimizer) -> Progress:
    path = run / "checkpoint.pt"
    if not path.exists():
        return Progress()
    content = loaded(path)
    saved = content["settings"]
    for key, value in asdict(settings).items():
        if saved.get(key) != value:
            raise InputError(f"{path}: was made with {key} {saved.get(key)}, this run has {value};"
                             f" remove {run} or pass another --run")
    network.load_state_dict(content["network"])
    optimizer.load_state_dict(content["optimizer"])
    return Progress(**content["progress"])


def train_and_export(settings: Settings, data: Path, output: Path | None, run: Path, device: str) -> None:
    """Trains, exports to `output`, and measures the exported model once on the test images."""
    if output is not None and not output.parent.is_dir():
        raise InputError(f"{output.parent}: no such directory, for the output {output.name}")
    dataset = RECIPES[settings.recipe].dataset
    training, validation = split(load(dataset, data, "train"), settings.validation)
    test = load(dataset, data, "test")
    network, progress = fit(settings, training, validation, run, device=device)
    print(f"run {run}")
    if output is None:
        return
    network = network.cpu()
    model = onnx_model(network, output.stem)
    if not progress.tested:
        scores, expected = runtime_scores(model, test.images, torch.get_num_threads()), scores_of(network, test.images)
        for mode, of_runtime, of_pytorch in zip(network.modes, scores, expected):
            progress.tested[mode] = accuracy_of(of_runtime, test)
            print(f"test, m = {mode}: {progress.tested[mode]:.2%} by onnxruntime, {accuracy_of(of_pytorch, test):.2%}"
                  f" by PyTorch; {(of_runtime.argmax(1) != of_pytorch.argmax(1)).sum()} of {len(test)} predictions"
                  " differ")
        _write_run(run, settings, progress, loaded(run / "checkpoint.pt"))
    add_metadata(model, _metadata(settings, progress))
    replace(output, lambda path: onnx.save(model, path))
    print(f"wrote {output}, {output.stat().st_size} bytes; test {_listed(progress.tested)}")


def _metadata(settings: Settings, progress: Progress) -> dict[str, object]:
    entries: dict[str, object] = {
        "producer": "resbin-training", "recipe": settings.recipe, "dataset": RECIPES[settings.recipe].dataset,
        "levels": ",".join(map(str, settings.levels)), "method": settings.method, "seed": settings.seed,
        "epochs": settings.epochs_in_all, "best_epoch": progress.best_epoch}
    for key, source in (("start", settings.start), ("teacher", settings.teacher)):
        if source:  # a checkpoint is known by its run
            path = Path(source)
            entries[key] = path.name if path.suffix == ".onnx" else path.parent.name
    chosen = progress.history[progress.best_epoch - 1]["validation"]
    for mode, accuracy in progress.tested.items():
        suffix = f"_m{mode}" if settings.joint else ""
        entries[f"validation_accuracy{suffix}"] = f"{chosen[mode]:.4f}"
        entries[f"test_accuracy{suffix}"] = f"{accuracy:.4f}"
    return entries


def _levels(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}'; expected a number, or one for each layer, such as 3,2,2") from None


DESCRIPTIONS = {
    "seed": "of the first weights, the order and the augmentation", "epochs": "over the training images",
    "harden": "epochs more, after weights by tanh became ±1",
    "temperature": "of weights by tanh at the end; it rises from 1",
    "batch": "images a step", "rate": "Adam's first learning rate",
    "smoothing": "of the labels", "distillation": "share of the loss that compares with the teacher",
    "shift": "largest shift, pixels", "degrees": "largest rotation",
    "validation": "last training images held out to choose the epoch",
    "bf16": "share of the epochs, the first ones, computed in bfloat16"}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m resbin_training.train", description="Trains one network and exports it.",
                     epilog="Settings that are not given are the recipe's; --as-paper takes ResBinNet's.")
    parser.add_argument("recipe", choices=RECIPES, help="network and data set")
    parser.add_argument("--levels", type=_levels, required=True,
                        help="residual levels M, 1 to 4: one for all layers, or one for each but the last: 3,2,2")
    parser.add_argument("--joint", action="store_true", help="one network for every level count 1…M: shared weights, a"
                        " bank of batch norms and γ each")
    parser.add_argument("--data", type=Path, required=True, help="directory of the data set's original files")
    parser.add_argument("--output", type=Path, help="the .onnx file to write; its stem names the graph")
    parser.add_argument("--run", type=Path, help="folder of the checkpoint and the logs; default:"
                        " ~/.cache/resbin-training/RECIPE-mLEVELS-seedSEED")
    parser.add_argument("--as-paper", action="store_true", help="temperature training with the paper's epochs")
    parser.add_argument("--method", choices=("sign", "tanh", "float"), help="binary weights by straight-through sign or"
                        " by tanh with temperature; float, with --levels 0, trains a teacher")
    parser.add_argument("--schedule", choices=("cosine", "constant"), help="of the learning rate")
    parser.add_argument("--flip", action=argparse.BooleanOptionalAction, default=None, help="flip images at random")
    parser.add_argument("--ordered", action=argparse.BooleanOptionalAction, default=None,
                        help="keep each γ at least the sum of the later ones")
    parser.add_argument("--start", help="begin with the weights of this .onnx model or checkpoint.pt")
    parser.add_argument("--teacher", help="checkpoint.pt of the network that teaches")
    kinds = {entry.name: type(entry.default) for entry in fields(Settings)}
    for name in BOUNDS:
        parser.add_argument(f"--{name}", type=kinds[name], help=DESCRIPTIONS[name])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the CPU; their number decides the"
                        " order of sums, and so the last bits of the result")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    try:
        options = vars(_parser().parse_args(arguments))
        data, output, run, threads = (options.pop(key) for key in ("data", "output", "run", "threads"))
        recipe, as_paper = options.pop("recipe"), options.pop("as_paper")
        given = {key: value for key, value in options.items() if value is not None}
        settings = RECIPES[recipe].settings(recipe, as_paper, given).checked()
        if threads < 1:
            raise InputError(f"--threads is {threads}; expected 1 or more")
        if output is not None and settings.method == "float":
            raise InputError("--output is for binary networks; a teacher stays in its checkpoint")
        torch.set_num_threads(threads)
        name = "-".join([recipe, "joint" * settings.joint or "m" + "".join(map(str, settings.levels)),
                         *(["tanh"] if settings.method == "tanh" else []), f"seed{settings.seed}"])
        device = "cuda" if torch.cuda.is_available() else "cpu"
        train_and_export(settings, data, output, run or Path.home() / ".cache" / "resbin-training" / name, device)
    except (InputError, OSError) as error:  # OSError: a file that cannot be written
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
