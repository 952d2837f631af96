# SPDX-License-Identifier: Apache-2.0
"""Draws what a training did: python -m resbin_training.pictures --help"""

import contextlib
import io
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from . import InputError, Parser, replace
from .history import History, read

Item = TypeVar("Item")
Format = Literal["svg", "png"]

# Okabe and Ito's colours, which stay apart for colour-blind readers; black and yellow are left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1, 1.2)))  # of all levels, of one fewer, …
GREY = "#666666"
WIDTH = 8.0  # inches; at 72 points an inch an SVG fills a README's column with text of the README's size
MOST_LAYERS, MOST_EPOCHS, MOST_TEMPERATURES, MOST_DOTS = 4, 5, 5, 15
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9.5, "axes.titlesize": 9.5, "axes.labelsize": 10, "figure.labelsize": 10,
    "legend.fontsize": 9.5, "xtick.labelsize": 9, "ytick.labelsize": 9, "text.parse_math": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8, "axes.axisbelow": True,
    "grid.color": "#DDDDDD", "grid.linewidth": 0.6, "lines.linewidth": 1.6, "legend.frameon": False,
    "figure.constrained_layout.use": True, "savefig.dpi": 200, "svg.hashsalt": "resbin", "svg.fonttype": "path"}
RING: dict[str, Any] = {
    "marker": "o", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.4, "linestyle": "none"}
RULE: dict[str, Any] = {"linestyle": (0, (2, 2)), "linewidth": 1.2}


def transfer(gammas: Sequence[float], x: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """What `ResidualSign` makes of x, in float32 as it does. Any shape → the same shape.

        r₁ = x,   bₗ = sign(rₗ),   rₗ₊₁ = rₗ - γₗ·bₗ,   e = Σ γₗ·bₗ,   sign(0) = +1
    """
    residual = np.asarray(x, np.float32) + np.float32(0)  # -0.0 becomes 0.0, whose sign copies as +1
    total = np.zeros_like(residual)
    for gamma in gammas:
        term = np.copysign(np.float32(gamma), residual)
        residual = residual - term
        total = total + term
    return total


def steps(gammas: Sequence[float], limit: float) -> tuple[npt.NDArray[np.float32], list[float]]:
    """The values of e between -limit and limit, and the edges between them: where a residual is 0.

    The edges are all sums ±γ₁ ±γ₂ … of the first 0 … M - 1 levels; not at each of them e changes.
    """
    edges, sums = {-limit, limit}, [0.0]
    for gamma in gammas:
        edges.update(value for value in sums if abs(value) < limit)
        sums = [value + term for value in sums for term in (-gamma, gamma)]
    ordered = sorted(edges)
    middles = [(low + high) / 2 for low, high in zip(ordered, ordered[1:])]
    return transfer(gammas, middles), ordered


def transfer_figure(run: History) -> Figure | str:
    """The residual sign for each level count beside its input (the paper's figure 3), or why there is none.

    The layer is the first with the most levels; the γ are those of the best epoch.
    """
    epoch = run.best or run.epochs[-1]
    top = epoch.gammas[run.modes[-1]]
    if not top:
        return "a network of real weights and ReLU has no residual sign"
    layer = max(range(len(top)), key=lambda index: len(top[index]))
    if len(run.modes) > 1:
        panels = {f"mode of {_levels(mode)}": epoch.gammas[mode][layer] for mode in run.modes}
    else:
        count = len(top[layer])
        panels = {_first(m, count): top[layer][:m] for m in range(1, count + 1)}
    limit = 1.25 * max(sum(gammas) for gammas in panels.values())
    figure = Figure(figsize=(WIDTH * max(len(panels), 1.5) / max(len(panels), 3), 0.9 + 6.6 / max(len(panels), 3)))
    for column, (title, gammas) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), column + 1, title=title, aspect="equal", xlim=(-limit, limit),
                                  ylim=(-limit, limit))
        values, edges = steps(gammas, limit)
        axes.plot([-limit, limit], [-limit, limit], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        axes.stairs(values, edges, baseline=None, color=COLOURS[0], linewidth=1.6)
        if column == 0:
            axes.text(0.82 * limit, 0.9 * limit, "e = x", color=GREY, horizontalalignment="right",
                      verticalalignment="center")
        axes.text(0.97, 0.04, "\n".join(f"γ{'₁₂₃₄'[level]} = {gamma:.3f}" for level, gamma in enumerate(gammas)),
                  transform=axes.transAxes, horizontalalignment="right",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.grid(True)
        if column:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel("output e")
    figure.supxlabel(f"input x of {run.layers[layer]}'s residual sign (γ after epoch {epoch.number})")
    return figure


def temperature_figure(run: History) -> Figure | str:
    """c · tanh(T · Θ) for some of the run's T, and c · sign(Θ) (the paper's figure 4), or why there is none."""
    if run.method != "tanh":
        return {"sign": "weights by straight-through sign have no temperature",
                "float": "real weights have no temperature"}[run.method]
    schedule = [(0, 1.0), *((epoch.number, epoch.temperature) for epoch in run.soft)]
    chosen = evenly(schedule, MOST_TEMPERATURES)
    figure = Figure(figsize=(0.75 * WIDTH, 3.6))
    axes = figure.add_subplot(xlim=(-1, 1), ylim=(-1.08, 1.08), xlabel="latent weight Θ", ylabel="weight W")
    theta = np.linspace(-1, 1, 401)
    shades = matplotlib.colormaps["Blues"](np.linspace(0.4, 1, len(chosen)))
    for (number, temperature), shade in zip(chosen, shades):
        label = f"T = {temperature:.3g}, " + (f"after epoch {number}" if number else "at the start")
        axes.plot(theta, np.tanh(temperature * theta), color=shade, label=label)
    axes.plot([-1, 0, 0, 1], [-1, -1, 1, 1], color=COLOURS[1], linestyle=DASHES[1], label="c · sign(Θ), hardened")
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.set_yticks([-1, 0, 1], ["−c", "0", "c"])
    axes.grid(True)
    axes.legend(loc="lower right", title="W = c · tanh(T · Θ)", alignment="left", borderaxespad=0.8)
    return figure


def weights_figure(run: History) -> Figure:
    """Histograms of the weights, a row a layer and a column an epoch (the paper's figure 5).

    Weights by tanh are drawn as long as they are soft: after that they are ±1.
    """
    layers = evenly(range(len(run.layers)), MOST_LAYERS)
    epochs = evenly(run.soft or run.epochs, MOST_EPOCHS)
    shares = {(layer, epoch.number): np.array(epoch.histograms[layer]) / sum(epoch.histograms[layer])
              for layer in layers for epoch in epochs}
    floor = min(share[share > 0].min() for share in shares.values()) / 1.5
    figure = Figure(figsize=(1.2 + (WIDTH - 1.2) * max(len(epochs), 3) / MOST_EPOCHS, 1.0 + 1.1 * len(layers)))
    grid = figure.subplots(len(layers), len(epochs), sharex=True, sharey=True, squeeze=False)
    for row, layer in enumerate(layers):
        for column, epoch in enumerate(epochs):
            axes, share = grid[row, column], shares[layer, epoch.number]
            axes.stairs(np.maximum(share, floor), np.linspace(-1, 1, len(share) + 1), baseline=floor, fill=True,
                        color=COLOURS[0])
            axes.tick_params(left=column == 0, bottom=row == len(layers) - 1)
            if row == 0:
                axes.set_title(f"epoch {epoch.number}" + f"\nT = {epoch.temperature:.3g}" * (run.method == "tanh"))
        grid[row, -1].annotate(run.layers[layer], (1, 0.5), (6, 0), "axes fraction", "offset points",
                               verticalalignment="center")
    grid[0, 0].set(xlim=(-1, 1), xticks=(-1, 0, 1), yscale="log", ylim=(floor, 1))
    grid[0, 0].yaxis.set_major_locator(LogLocator(numticks=4))
    grid[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    grid[0, 0].minorticks_off()
    figure.supxlabel({"sign": "latent weight Θ, whose sign is the weight", "float": "weight, of those within ±1",
                      "tanh": "soft weight tanh(T · Θ), in units of its layer's c"}[run.method])
    figure.supylabel("share of the layer's weights")
    return figure


def training_figure(runs: Sequence[History]) -> Figure:
    """Validation accuracy and loss by epoch. A colour is a mode of one run, or a run with a dash for each mode."""
    is_alone, last = len(runs) == 1, max(len(run.epochs) for run in runs)
    figure = Figure(layout=ConstrainedLayoutEngine(wspace=0.06))
    accuracy, loss = figure.subplots(1, 2, width_ratios=(3, 2))
    line: dict[str, Any] = {"marker": "."} if last <= MOST_DOTS else {"linewidth": 1.2}
    keys: list[Line2D] = []
    for index, run in enumerate(runs):
        numbers = [epoch.number for epoch in run.epochs]
        own = GREY if is_alone else COLOURS[index]
        for place, mode in enumerate(reversed(run.modes)):
            look: dict[str, Any] = {"color": COLOURS[place] if is_alone else own, "linestyle": DASHES[place]}
            accuracy.plot(numbers, [100 * epoch.validation[mode] for epoch in run.epochs], **line, **look)
            label = ", ".join([run.name] * (not is_alone) + [_levels(mode)] * (is_alone or len(run.modes) > 1))
            if run.best:
                reached = 100 * run.best.validation[mode]
                accuracy.plot(run.best.number, reached, **{**look, **RING})
                label += f" ({reached:.2f} %)"
            keys.append(Line2D([], [], label=label, **look))
        loss.plot(numbers, [epoch.loss for epoch in run.epochs], color=own, **line)
        if run.hardened:
            for axes in (accuracy, loss):
                axes.axvline(run.hardened.number - 0.5, color=own, **RULE)
    if any(run.best for run in runs):
        number = f" {runs[0].best.number}" if is_alone and runs[0].best else ""
        keys.append(Line2D([], [], color=GREY, label=f"best epoch{number} (accuracy)", **RING))
    if any(run.hardened for run in runs):
        keys.append(Line2D([], [], color=GREY, label="weights become ±1", **RULE))
    for axes in (accuracy, loss):
        axes.set(xlabel="epoch", xlim=(0.5, last + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
        axes.grid(True)
    accuracy.set_ylabel("validation accuracy, %")
    loss.set_ylabel("training loss, nats")
    _scale(loss, [epoch.loss for run in runs for epoch in run.epochs])
    columns = _columns([str(key.get_label()) for key in keys])
    figure.set_size_inches(WIDTH, 2.8 + 0.2 * math.ceil(len(keys) / columns))
    figure.legend(handles=keys, loc="outside lower center", ncols=columns, handlelength=3, borderaxespad=0)
    return figure


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Logarithmic where the values span enough for two labels or more."""
    positive = [value for value in values if 0 < value < math.inf]
    if positive and max(positive) >= 5 * min(positive):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.minorticks_off()


def _columns(labels: Sequence[str]) -> int:
    """As many columns of a legend as the figure is wide enough for."""
    inches = np.array([0.76 + 0.072 * len(label) for label in labels])
    return next((columns for columns in range(len(labels), 1, -1)
                 if sum(part.max() for part in np.array_split(inches, columns)) <= WIDTH), 1)


def _levels(count: int | str) -> str:
    if int(count) == 0:
        return "real values"
    return f"{count} level" if int(count) == 1 else f"{count} levels"


def _first(m: int, count: int) -> str:
    if m == count:
        return {1: "1 level", 2: "both levels"}.get(count, f"all {count} levels")
    return f"first of {count} levels" if m == 1 else f"first {m} of {count} levels"


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` of `items`, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    last, gaps = len(items) - 1, most - 1
    return [items[(2 * index * last + gaps) // (2 * gaps)] for index in range(most)]


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Within it, figures are made and saved the same way whatever the user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def _encoded(figure: Figure, kind: Format) -> bytes:
    """The same figure gives the same bytes."""
    file = io.BytesIO()
    figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return file.getvalue()


def draw(folders: Sequence[Path], output: Path, kind: Format) -> None:
    """Reads all runs and draws all pictures before the first file is written."""
    runs = [read(folder) for folder in folders]
    if len(runs) > len(COLOURS):
        raise InputError(f"{len(runs)} runs; expected at most {len(COLOURS)}, as many as there are colours")
    for index, run in enumerate(runs):
        first = next(place for place, other in enumerate(runs) if other.name == run.name)
        if first != index:
            raise InputError(f"{folders[first]} and {folders[index]}: are both named {run.name}; expected different"
                             " names, as the pictures get them")
    pictures: dict[str, bytes] = {}
    notes: list[str] = []
    with style():
        for run in runs:
            prefix = f"{run.name}-" if len(runs) > 1 else ""
            for name, figure in (("transfer", transfer_figure(run)), ("temperature", temperature_figure(run)),
                                 ("weights", weights_figure(run))):
                if isinstance(figure, str):
                    notes.append(f"no {name} picture of {run.name}: {figure}")
                else:
                    pictures[f"{prefix}{name}.{kind}"] = _encoded(figure, kind)
        pictures[f"training.{kind}"] = _encoded(training_figure(runs), kind)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output}: cannot be made: {error.strerror}; expected a directory to write to") from error
    for note in notes:
        print(note)
    for name, content in pictures.items():
        try:
            replace(output / name, lambda path: path.write_bytes(content))
        except OSError as error:
            raise InputError(f"{output / name}: cannot be written: {error.strerror}; expected a file to replace") from error
        print(f"wrote {output / name}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = Parser(prog="python -m resbin_training.pictures", description="Draws what a training did.",
                     epilog="Of several runs, training overlays all; the others are drawn for each run.")
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folder of resbin_training.train")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="directory of the pictures")
    parser.add_argument("--format", choices=("svg", "png"), default="svg")
    try:
        options = parser.parse_args(arguments)
        draw(options.runs, options.output, options.format)
    except (InputError, OSError) as error:  # OSError: a path that cannot be looked at
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
