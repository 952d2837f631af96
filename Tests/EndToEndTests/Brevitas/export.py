# SPDX-License-Identifier: Apache-2.0
"""Exports Brevitas' CNV and TFC with random parameters, as the QONNX model zoo's were made.

    pip install torch==2.13.0 brevitas==0.13.4 qonnx==1.0.0 onnxoptimizer==0.4.2
    python export.py cnv_1w2a --small cnv-1w2a.onnx cnv-1w2a.json

Writes the network, cleaned by qonnx, and the scores that PyTorch computes for 8 made images. With
`--small` the layers have 4, 8 and 16 filters and 16 units.
"""

import argparse
import json
import os
import tempfile

import brevitas_examples.bnn_pynq.models.CNV as cnv
import numpy
import onnx
import torch
from brevitas.export import export_qonnx
from brevitas_examples.bnn_pynq.models import model_with_cfg
from qonnx.util.cleanup import cleanup


def images(count, channels, size):
    """Ramps and stripes that have every value; BrevitasTests.swift makes the same."""
    n, c, y, x = numpy.ogrid[:count, :channels, :size, :size]
    return ((x * (n + 1) * 5 + y * (c * 7 + 3) + (x * y * n) // 8) % 256).astype(numpy.uint8)


def randomize(model, x):
    """Weights and batch norms of both signs, statistics that leave every layer alive."""
    norms = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.uniform_(module.weight, -1, 1)
        if isinstance(module, norms):
            module.momentum = 1.0
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.train()
    model(x)
    model.eval()
    for module in model.modules():
        if isinstance(module, norms):
            module.running_mean += 0.3 * module.running_var.sqrt() * torch.randn(
                module.num_features)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias, std=0.3)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("onnx")
    parser.add_argument("json")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    if arguments.small:
        cnv.CNV_OUT_CH_POOL = [(4, False), (4, True), (8, False), (8, True), (16, False),
                               (16, False)]
        cnv.INTERMEDIATE_FC_FEATURES = [(16, 16), (16, 16)]
        cnv.LAST_FC_IN_FEATURES = 16
    torch.manual_seed(1)
    model, _ = model_with_cfg(arguments.model, pretrained=False)
    pixels = images(8, *((3, 32) if "cnv" in arguments.model else (1, 28)))
    x = torch.from_numpy(pixels).float() / 255
    randomize(model, x)
    scores = model(x)
    with tempfile.TemporaryDirectory() as folder:
        raw = os.path.join(folder, "raw.onnx")
        export_qonnx(model, x[:1], export_path=raw)
        cleanup(raw, out_file=arguments.onnx)
    # Stack traces: half of the file, with this machine's paths.
    proto = onnx.load(arguments.onnx)
    for part in [proto, proto.graph, *proto.graph.node, *proto.graph.value_info]:
        del part.metadata_props[:]
    onnx.save(proto, arguments.onnx)
    with open(arguments.json, "w") as file:
        json.dump({"scores": [[round(s, 6) for s in row] for row in scores.tolist()]}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
