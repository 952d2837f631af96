# SPDX-License-Identifier: Apache-2.0
"""The converted CNV against the network it comes from, where that lies beside the repository."""

import copy
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from resbin_training import InputError, bnn_pynq
from resbin_training.data import read_cifar

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
SOURCE = SHARED / "models" / "bnn-pynq-cifar10-cnvW1A1.json"

needs_source = pytest.mark.skipif(not SOURCE.exists(), reason="needs the third-party models in ../shared/data")


@pytest.fixture
def description() -> dict:
    return json.loads(SOURCE.read_text())


@needs_source
def test_shipped_model_is_the_conversion(tmp_path: Path) -> None:
    output = tmp_path / "cifar10-cnv-bnn-pynq.onnx"
    assert bnn_pynq.main([str(SOURCE), str(output)]) == 0
    assert output.read_bytes() == (ROOT / "Models" / "cifar10-cnv-bnn-pynq.onnx").read_bytes()


@needs_source
def test_scores_are_the_published_ones_for_rounded_pixels(description: dict) -> None:
    """All but the pixels' scaling is exact: with q / 128 in its place the ten scores are those of the source."""
    model = onnx.load(ROOT / "Models" / "cifar10-cnv-bnn-pynq.onnx")
    nodes = model.graph.node
    assert [node.op_type for node in nodes[:3]] == ["Cast", "Mul", "Sub"]
    del nodes[:3]
    nodes[[node.name for node in nodes].index("conv1")].input[0] = "image"
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    for name in ("input.scale", "input.shift"):
        model.graph.initializer.remove(next(t for t in model.graph.initializer if t.name == name))

    golden = json.loads(SOURCE.with_suffix(".golden.json").read_text())
    pixels = read_cifar(SHARED / "cifar10" / "test_batch.bin.gz")[:100].astype(np.int64)
    rounded = np.clip((512 * pixels + 255) // 510 - 128, -128, 127)  # ⌊(2p/255 - 1)·128 + ½⌋
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"image": (rounded / 128).astype(np.float32)})
    np.testing.assert_array_equal(scores, 2 * np.array(golden["scores"]) - 512)


@needs_source
def test_no_sum_can_be_zero() -> None:
    model = onnx.load(ROOT / "Models" / "cifar10-cnv-bnn-pynq.onnx")
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert np.all(values["conv1.bias"] * 256 % 2 == 1)
    for layer in ("conv2", "conv3", "conv4", "conv5", "conv6", "fc1", "fc2"):
        weight = values[f"{layer}.weight"]
        assert weight.dtype == np.int8 and set(np.unique(weight)) == {-1, 1}
        inputs = weight.size // len(values[f"{layer}.bias"])
        assert np.all((values[f"{layer}.bias"] + inputs) % 2 == 1)
    assert "fc3.bias" not in values


@needs_source
@pytest.mark.parametrize(("change", "expected"), [
    (lambda d: d["layers"][0].update(type="conv5x5"),
     "layer type is 'conv5x5'; expected conv3x3, maxpool2x2 or dense"),
    (lambda d: d["layers"][1].update(compare="sum>t"),
     "the comparison is 'sum>t'; expected popcount>t or fixed_sum*256>t"),
    (lambda d: d["layers"][-1].update(weights_offset=196352),
     "the weights have 196352 bytes; expected at least 196992"),
    (lambda d: d["layers"].pop(7), "the last map is 3 × 3 pixels; expected one, whose values have one order"),
])
def test_other_networks_are_refused(description: dict, change, expected: str) -> None:
    changed = copy.deepcopy(description)
    change(changed)
    with pytest.raises(InputError) as caught:
        bnn_pynq.converted(changed, SOURCE.with_suffix(".bin").read_bytes(), "any")
    assert str(caught.value) == expected


def test_bad_source_is_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bnn_pynq.main([str(tmp_path / "absent.json"), str(tmp_path / "out.onnx")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/absent.json: cannot be read: ")
    source = tmp_path / "empty.json"
    source.write_text("{}")
    source.with_suffix(".bin").write_bytes(b"")
    assert bnn_pynq.main([str(source), str(tmp_path / "out.onnx")]) == 1
    assert capsys.readouterr().err == f"error: {source}: 'layers' is missing\n"
    assert not (tmp_path / "out.onnx").exists()


def test_cifar_records(tmp_path: Path) -> None:
    path = tmp_path / "two.bin"
    path.write_bytes(bytes([7]) + bytes([1]) * 1024 + bytes([2]) * 1024 + bytes([3]) * 1024 + bytes(3073))
    images = read_cifar(path)
    assert images.shape == (2, 3, 32, 32) and images[0, :, 5, 9].tolist() == [1, 2, 3] and not images[1].any()
    path.write_bytes(bytes(3072))
    with pytest.raises(InputError, match="holds 3072 bytes; expected records of 3073"):
        read_cifar(path)
