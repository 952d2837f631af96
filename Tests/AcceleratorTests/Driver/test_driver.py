# SPDX-License-Identifier: Apache-2.0
"""resbin.py, unchanged, on the accelerator in simulation that test_driver.c runs on.

    RESBIN_HARNESS=libharness.so PYTHONPATH=driver test_driver.py DESIGN IMAGES EXPECTED
        [SEED [REPEATS [--reload IMAGE EXPECTED] [FEWER ...]]]
"""

import ctypes
import json
import os
import random
import struct
import sys
import tempfile
import types
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Optional, Type

import numpy as np

import resbin

BASE, SIZE = 0x10000000, 0x00400000
checks = failures = 0
where = ""


def check(condition: bool, text: str) -> None:
    global checks, failures
    checks += 1
    if not condition:
        failures += 1
        print(f"FAILED {where}: {text}")


def raises(kind: Type[BaseException], text: str, function: Callable[[], Any]) -> None:
    try:
        function()
    except kind as error:
        check(text in str(error), f"'{error}' has no '{text}'")
    else:
        check(False, f"no {kind.__name__}")


class Harness:
    """harness.h, and a memory of which pieces are handed out."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        for name, result, arguments in (
            ("open", None, [ctypes.c_uint32]),
            ("read", ctypes.c_uint32, [ctypes.c_uint32]),
            ("write", None, [ctypes.c_uint32, ctypes.c_uint32]),
            ("dma_read", ctypes.c_uint32, [ctypes.c_uint32]),
            ("dma_write", None, [ctypes.c_uint32, ctypes.c_uint32]),
            ("step", None, [ctypes.c_uint32]),
            ("cycles", ctypes.c_uint32, []),
            ("interrupt", ctypes.c_int, []),
            ("memory", ctypes.c_void_p, []),
            ("limit_source", None, [ctypes.c_int64]),
            ("limit_sink", None, [ctypes.c_int64]),
            ("fault", ctypes.c_char_p, []),
        ):
            function = getattr(self.library, "harness_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        self.used = 0

    def begin(self, seed: int) -> None:
        self.open(seed)  # type: ignore[attr-defined]
        self.used = 0

    def clock(self) -> float:
        """Cycles of the simulation as seconds of a clock of 1 MHz."""
        return float(self.cycles()) / 1e6  # type: ignore[attr-defined]

    def allocate(self, size: int) -> Any:
        start = self.memory()  # type: ignore[attr-defined]
        all_bytes = np.ctypeslib.as_array((ctypes.c_uint8 * SIZE).from_address(start))
        buffer = all_bytes[self.used : self.used + size].view(Buffer)
        buffer.device_address = BASE + self.used
        self.used += (size + 127) // 128 * 128
        return buffer


class Buffer(np.ndarray):
    """An array that knows where the DMA sees it, and counts flushes, as PYNQ's."""

    device_address = 0
    flushes = 0
    invalidations = 0

    def flush(self) -> None:
        self.flushes += 1

    def invalidate(self) -> None:
        self.invalidations += 1


class Bus:
    """Registers of the accelerator or of the DMA; some read as told. Words that are loaded go
    through `on_load(number, value)`, which counts from 0 when it is set."""

    def __init__(self, read: Any, write: Any, changes: Optional[dict] = None) -> None:
        self._read, self._write, self._changes = read, write, changes or {}
        self.reads: "list[int]" = []
        self.writes: "list[int]" = []
        self.let_load(lambda number, value: value)

    def let_load(self, on_load: Callable[[int, int], int]) -> None:
        self._on_load, self._loaded = on_load, 0

    def read(self, offset: int) -> int:
        self.reads.append(offset)
        return self._changes[offset] if offset in self._changes else self._read(offset)

    def write(self, offset: int, value: int) -> None:
        self.writes.append(offset)
        if offset == resbin.Register.LOAD_DATA:
            value = self._on_load(self._loaded, value)
            self._loaded += 1
        self._write(offset, value)


def load_design(folder: Path) -> resbin.Design:
    """The design, with the keys that an accelerator adds to the manifest where they miss."""
    manifest = json.loads((folder / "manifest.json").read_text())
    source, output = manifest["input"], manifest["output"]
    container = next(bits for bits in (8, 16, 32, 64) if bits >= output["bitsPerLane"])
    manifest.setdefault("accelerator", {
        "module": manifest["top"] + "_axi",
        "hash": manifest["hash"][:32],
        "levels": 2,
        "input": {"bytesPerBeat": (source["lanes"] * source["bitsPerLane"] + 7) // 8},
        "output": {
            "bytesPerBeat": output["lanes"] * container // 8, "containerBits": container, "isSigned": True,
        },
    })
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "manifest.json").write_text(json.dumps(manifest))
        design = resbin.Design.load(temporary)
        assert design == resbin.Design.load(Path(temporary) / "manifest.json")
        del manifest["accelerator"]
        (Path(temporary) / "manifest.json").write_text(json.dumps(manifest))
        raises(resbin.ResbinError, "describes no accelerator", lambda: resbin.Design.load(temporary))
    return design


def test_packing(design: resbin.Design) -> None:
    codes = replace(design, input=resbin.Stream("codes", 5, 3, 3, False, 1, 2, (1, 1, 5)))
    packed = codes.pack([[5, 2, 7, 1, 6]])
    check(packed.tolist() == [[(5 | 2 << 3 | 7 << 6) & 0xFF, (7 << 6 | 1 << 9 | 6 << 12) >> 8]], str(packed))
    back = replace(codes, output=codes.input)
    check(back.unpack(packed).tolist() == [[5, 2, 7, 1, 6]], "codes")
    raises(ValueError, "from 0 to 7", lambda: codes.pack([[5, 2, 8, 1, 6]]))
    raises(ValueError, "no whole images", lambda: codes.pack([1, 2]))
    raises(ValueError, "integers", lambda: codes.pack(np.zeros((1, 5))))
    for bits in (8, 16, 32, 64):
        least, largest = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        scores = replace(design, output=resbin.Stream("s", 2, bits, bits, True, 2, bits // 4, (1, 1, 4)))
        values = [-1, least, largest, 0]
        data = np.array(values, dtype=f"<i{bits // 8}").view(np.uint8)
        result = scores.unpack(data)
        check(result.tolist() == [values], f"{bits} bits: {result}")
        check(scores.classes(result).tolist() == [2], "class")
    raises(ValueError, "no whole results", lambda: scores.unpack(data[1:]))
    index = replace(design, output=resbin.Stream("class", 1, 4, 8, False, 1, 1, (1, 1, 1)))
    check(index.classes(index.unpack([9, 3])).tolist() == [9, 3], "indices")


def test_open(harness: Any, design: resbin.Design) -> None:
    def accelerator(changes: Optional[dict] = None, **other: Any) -> resbin.Accelerator:
        registers = Bus(harness.read, harness.write, changes)
        return resbin.Accelerator(registers, replace(design, **other), harness.clock)

    first = accelerator()
    check(first.levels[1] == design.levels, "levels")
    check(not first.is_busy and not first.is_dropping, "status")
    raises(resbin.NotAnAccelerator, "0xFFFFFFFF", lambda: accelerator({0: 0xFFFFFFFF}))
    raises(resbin.WrongVersion, "version 2.3", lambda: accelerator({4: 0x00020003}))
    accelerator({4: 0x00010009})
    for word in range(4):
        wrong = list(design.hash)
        wrong[word] ^= 0x80000000
        raises(resbin.WrongDesign, "hash", lambda: accelerator(hash=tuple(wrong)))
    wide = replace(design.input, beat_bytes=design.input.beat_bytes + 1)
    raises(resbin.WrongGeometry, "input:", lambda: accelerator(input=wide))
    long = replace(design.output, beats=design.output.beats + 1)
    raises(resbin.WrongGeometry, "output:", lambda: accelerator(output=long))
    raises(resbin.DmaError, "scatter", lambda: resbin.Dma(Bus(harness.dma_read, harness.dma_write, {4: 9})))
    raises(
        resbin.Timeout, "reset does not end",
        lambda: resbin.Dma(Bus(harness.dma_read, harness.dma_write, {0: 4}), clock=harness.clock, timeout=1e-3))


def test_uio(design: resbin.Design) -> None:
    words = np.zeros(1024, dtype=np.uint32)
    words[0], words[1], words[2:6] = resbin.ID, 0x00010000, design.hash
    words[24:28] = design.input.beats, design.input.beat_bytes, design.output.beats, design.output.beat_bytes
    with tempfile.NamedTemporaryFile() as file:
        file.write(words.tobytes())
        file.flush()
        uio = resbin.Uio(file.name)
        accelerator = resbin.Accelerator(uio, design)
        accelerator.start()
        check(uio.read(resbin.Register.CONTROL) == 1, "control")
        uio.close()
    raises(OSError, "No such file", lambda: resbin.Uio("/nowhere/uio0"))


def test_levels(accelerator: resbin.Accelerator, runner: resbin.Runner, images: Any, results: "list[Any]") -> None:
    built = accelerator.design.levels
    raises(ValueError, f"1 to {built}", lambda: accelerator.set_levels(0))
    raises(ValueError, f"1 to {built}", lambda: accelerator.set_levels(built + 1))
    accelerator.set_levels(built)
    if len(results) == 1:
        if built > 1:
            raises(resbin.ResbinError, "a fixed number", lambda: accelerator.set_levels(1))
        return
    for levels in [1, built, *range(1, built + 1)]:
        accelerator.set_levels(levels)
        values = runner.run(images, timeout=0.05)
        check(bool((values == results[levels - 1]).all()), f"results with {levels} levels")
        check(accelerator.levels == (levels, built), "levels in use")
    check(accelerator.errors == resbin.Error(0), "errors")


def test_no_reload(harness: Any, design: resbin.Design) -> None:
    """A design without reload, and one whose map does not know of it."""
    early = {resbin.Register.VERSION: 0x00010001}
    for changes in [early] if harness.read(resbin.Register.LOAD_WORDS) else [{}, early]:
        bus = Bus(harness.read, harness.write, changes)
        accelerator = resbin.Accelerator(bus, design, harness.clock)
        check(accelerator.load_words == 0, "words")
        raises(resbin.ResbinError, "with --reloadable", lambda: accelerator.load("/nowhere"))
        raises(resbin.ResbinError, "with --reloadable", accelerator.checksum)
        check(bus.writes == [] and accelerator.errors == resbin.Error(0), "untouched")
        if changes:
            check(resbin.Register.LOAD_WORDS not in bus.reads, "early map")


def changed(image: bytes, word: int, bits: int) -> bytes:
    """A parameter image with bits of a word turned round."""
    words = np.frombuffer(image, dtype="<u4").copy()
    words[word] ^= np.uint32(bits)
    return words.tobytes()


def test_reload(
    harness: Any, design: resbin.Design, rng: random.Random, images: Any, own: Any, path: str, other: Any
) -> None:
    harness.begin(rng.randrange(1 << 20) if where != "seed 0" else 0)
    bus = Bus(harness.read, harness.write)
    accelerator = resbin.Accelerator(bus, design, harness.clock)
    dma = resbin.Dma(Bus(harness.dma_read, harness.dma_write), clock=harness.clock)
    runner = resbin.Runner(accelerator, dma, harness.allocate)
    scratch = harness.allocate(design.output.bytes)
    image = Path(path).read_bytes()
    parameters = resbin.Parameters.load(path)
    check(accelerator.load_words == len(parameters.words), "words")

    def control() -> int:
        return int(harness.read(resbin.Register.CONTROL))

    def are(expected: Any, text: str, count: int = len(images)) -> None:
        values = runner.run(images[:count], timeout=0.05)
        check(bool((values == expected[:count]).all()), text)

    def opened() -> None:
        accelerator.write(resbin.Register.CONTROL, resbin.Control.ENABLE | resbin.Control.LOAD)
        while not accelerator.read(resbin.Register.STATUS) & resbin.Status.LOADING:
            pass

    # A parameter image of what stands there, read word by word.
    opened()
    accelerator.write(resbin.Register.LOAD_ADDRESS, 0)
    body = np.array(
        [accelerator.read(resbin.Register.LOAD_DATA) for _ in range(len(parameters.words))], dtype="<u4").tobytes()
    accelerator.start()
    first = zlib.crc32(body)
    own_image = image[:28] + struct.pack("<Id", first, 0.0) + body
    check(accelerator.checksum() == first != parameters.crc, "checksum of the first model")

    # What is no parameter image of this design is refused, and nothing is written.
    bus.writes.clear()
    digits = resbin._digits(design.hash)
    words = len(image) // 4
    for text, wrong in (
        ("0x50425353", changed(image, 0, 1)), ("format 3", changed(image, 1, 2)),
        (f"not {len(image) - 36}", changed(image, 6, accelerator.load_words ^ (accelerator.load_words + 1))),
        ("is damaged", changed(image, 7, 1 << rng.randrange(32))),
        ("is damaged", changed(image, rng.randrange(10, words), 1 << rng.randrange(32))),
        (f"has {len(image) - 44} bytes", image[:-4]), (f"has {len(image) - 41} bytes", image[:-1]),
        (f"has {len(image) - 36} bytes", image + bytes(4)), ("39 bytes", image[:39]), ("0 bytes", b""),
        (f"{words - 11} words",
         image[:24] + struct.pack("<IId", words - 11, zlib.crc32(image[40:-4]), 1.0) + image[40:-4]),
    ):
        raises(resbin.WrongParameters, text, lambda: accelerator.load(wrong))
    for word in range(2, 6):
        wrong = changed(image, word, 1 << rng.randrange(32))
        raises(resbin.WrongDesign, f"the bitstream has {digits}", lambda: accelerator.load(wrong))
    raises(OSError, "No such file", lambda: accelerator.load("/nowhere/parameters.bin"))
    check(bus.writes == [], "untouched")
    check(accelerator.checksum() == first, "checksum after images that were refused")
    are(own, "results of the first model", 2)

    # The other model, and back. What was stopped stays so.
    check(accelerator.load(path) == parameters.score_step == accelerator.design.score_step, "score step")
    check(accelerator.design == replace(design, score_step=parameters.score_step), "design")
    are(other, "results of the other model")
    check(accelerator.checksum() == parameters.crc, "checksum of the other model")
    accelerator.drain()
    check(accelerator.load(own_image) is None, "no score step")
    check(control() == 0, "stopped")
    accelerator.start()
    are(own, "results of the first model again")

    # A bit that is lost: on its way, and in the memory.
    place = rng.choice(np.flatnonzero(parameters.words).tolist())

    bus.let_load(lambda number, value: value & (value - 1) if number == place else value)
    raises(resbin.ChecksumError, f"not 0x{parameters.crc:08X}", lambda: accelerator.load(image))
    check(control() == 0, "stopped after a failed load")
    bus.let_load(lambda number, value: value)
    accelerator.load(image)
    accelerator.start()
    are(other, "results after a failed load", 3)
    opened()
    accelerator.write(resbin.Register.LOAD_ADDRESS, place)
    word = int(parameters.words[place])
    accelerator.write(resbin.Register.LOAD_DATA, word & (word - 1))
    accelerator.start()
    check(accelerator.checksum() != parameters.crc, "checksum with a bit lost")

    # Left open by somebody, in the midst of a check. A command closes nothing.
    accelerator.load(image)
    opened()
    accelerator.clear_counters()
    check(control() == resbin.Control.ENABLE | resbin.Control.LOAD, "open")
    accelerator.write(resbin.Register.LOAD_CRC, 0)
    check(accelerator.checksum() == parameters.crc, "checksum of memories left open")
    check(control() == resbin.Control.ENABLE and accelerator.errors == resbin.Error(0), "started")
    stuck = {resbin.Register.STATUS: int(resbin.Status.LOADING | resbin.Status.CHECKING)}
    hanging = resbin.Accelerator(Bus(harness.read, harness.write, stuck), design, harness.clock)
    raises(resbin.ChecksumError, "does not end", hanging.checksum)
    check(control() == resbin.Control.ENABLE, "started after a check that does not end")

    # Writing that is interrupted.
    def interrupt(number: int, value: int) -> int:
        if number == place:
            raise KeyboardInterrupt("in the middle")
        return value

    bus.let_load(interrupt)
    raises(KeyboardInterrupt, "in the middle", lambda: accelerator.load(own_image))
    check(control() == 0, "stopped after an interrupt")
    accelerator.start()

    # Images inside finish in their model.
    bus.let_load(lambda number, value: value)
    accelerator.load(own_image)
    inside, index = runner._images, rng.randrange(2)
    inside[: design.input.bytes] = design.pack(images[index])[0]
    harness.limit_source(rng.randrange(1, design.input.beats))
    dma.receive(scratch.device_address, design.output.bytes)
    dma.send(inside.device_address, design.input.bytes)
    harness.step(2000)
    bus.writes.clear()
    raises(resbin.Timeout, "nothing was written", lambda: accelerator.load(image, timeout=5e-3))
    raises(resbin.Timeout, "do not leave", lambda: accelerator.checksum(timeout=1e-3))
    check(set(bus.writes) == {resbin.Register.CONTROL} and control() == resbin.Control.ENABLE, "as it was")
    harness.limit_source(-1)
    accelerator.load(image)
    while dma._sending or dma._receiving:
        dma.is_sent()
        dma.received()
    check(bool((design.unpack(scratch[: design.output.bytes])[0] == own[index]).all()), "of its own model")
    are(other, "results after images inside", 2)
    check(accelerator.errors == resbin.Error(0) and accelerator.counters().bad_accesses == 0, "errors")

    # One access that the hardware refuses has a name.
    accelerator.write(resbin.Register.LOAD_DATA, 0)
    check(accelerator.errors == resbin.Error.BAD_LOAD, "closed memories")
    accelerator.clear_errors()
    check(accelerator.errors == resbin.Error(0), "cleared errors")


def main() -> None:
    global where
    design = load_design(Path(sys.argv[1]))
    images = np.fromfile(sys.argv[2], dtype=np.uint8).reshape(-1, design.input.bytes)
    expected = design.unpack(np.fromfile(sys.argv[3], dtype=np.uint8))
    first, repeats = (int(text) for text in (sys.argv[4:] + ["0", "4"][len(sys.argv) - 4 :])[:2])
    rest = sys.argv[6:]
    reload: "list[Any]" = []
    if rest[:1] == ["--reload"]:
        reload, rest = [rest[1], design.unpack(np.fromfile(rest[2], dtype=np.uint8))], rest[3:]
    fewer = [design.unpack(np.fromfile(path, dtype=np.uint8)) for path in rest]
    harness: Any = Harness(os.environ["RESBIN_HARNESS"])
    test_packing(design)
    test_uio(design)

    for seed in range(first, first + repeats):
        where = f"seed {seed}"
        rng = random.Random(seed)
        harness.begin(seed)
        test_open(harness, design)
        accelerator = resbin.Accelerator(Bus(harness.read, harness.write), design, harness.clock)
        dma = resbin.Dma(Bus(harness.dma_read, harness.dma_write), clock=harness.clock)
        runner = resbin.Runner(accelerator, dma, harness.allocate)

        # Images, classes, counters, interrupt.
        values = runner.run(images, timeout=0.05)
        check(bool((values == expected).all()), "results")
        check(bool((runner.classes(images[:3]) == expected[:3].argmax(axis=1)).all()), "classes")
        counters = accelerator.counters()
        check(counters.images_in == counters.images_out == len(images) + 3, f"{counters}")
        check(0 < counters.cycles < harness.cycles(), f"{counters}")
        check(accelerator.high_water() == [] or min(accelerator.high_water()) >= 0, "high water")
        check(accelerator.interrupts == resbin.Interrupt.DONE, "pending")
        accelerator.enable_interrupts(resbin.Interrupt.DONE)
        check(harness.interrupt() == 1, "interrupt")
        accelerator.acknowledge_interrupts(accelerator.interrupts)
        check(harness.interrupt() == 0, "no interrupt")
        accelerator.clear_counters()
        check(accelerator.counters() == resbin.Counters(*[0] * 11), "cleared counters")

        test_levels(accelerator, runner, images, fewer + [expected])
        test_no_reload(harness, design)

        # Bad accesses and framing.
        accelerator.write(resbin.Register.ID, 0)
        accelerator.read(0x0F0)
        check(accelerator.errors == resbin.Error.READ_ONLY | resbin.Error.UNMAPPED, "bad accesses")
        accelerator.clear_errors()
        beats = rng.randrange(1, design.input.beats)
        memory = harness.allocate(design.input.bytes * 2)
        scratch = harness.allocate(design.output.bytes)
        for size, error in ((beats, resbin.Error.SHORT_IMAGE), (design.input.beats + beats, resbin.Error.LONG_IMAGE)):
            dma.receive(scratch.device_address, design.output.bytes)
            dma.send(memory.device_address, size * design.input.beat_bytes)
            received = None
            while received is None or dma._sending:
                dma.is_sent()
                received = dma.received() or received
            check(received == design.output.bytes, "length of a result")
            check(accelerator.errors == error, f"{accelerator.errors} for {size} beats")
            accelerator.clear_errors()
            check(bool((runner.run(images[:2]) == expected[:2]).all()), "after a framing error")

        # Stopped, reset, abandoned.
        accelerator.drain(timeout=0.05)
        raises(resbin.Timeout, "0 of 2 images", lambda: runner.run(images[:2], timeout=5e-3))
        accelerator.start()
        check(bool((runner.run(images[:2]) == expected[:2]).all()), "after a stop")
        for _ in range(3):
            harness.limit_source(rng.randrange(3 * design.input.beats))
            raises(resbin.Timeout, "of 4 images", lambda: runner.run(images[:4], timeout=0.02))
            check(not accelerator.is_busy and not accelerator.is_dropping, "clean after abandoning")
            harness.limit_source(-1)
            check(bool((runner.run(images[:3]) == expected[:3]).all()), "after abandoning")
            harness.limit_source(rng.randrange(3 * design.input.beats))
            raises(
                resbin.Timeout, "of 3 images",
                lambda: dma.run(accelerator, runner._images.device_address, runner._image_stride,
                                runner._results.device_address, runner._result_stride, 3, 0.02))
            harness.limit_source(-1)
            dma.abort(accelerator, scratch.device_address, 0.05)
            check(bool((runner.run(images[:3]) == expected[:3]).all()), "after dropping")
        raises(ValueError, "no multiple of 128", lambda: dma.send(memory.device_address + 4, 8))
        raises(ValueError, "1 to 67108863", lambda: dma.send(memory.device_address, 1 << 26))

        # PYNQ's names, without PYNQ.
        overlay = types.SimpleNamespace(ip_dict={
            "accelerator": {"phys_addr": 0x43C00000, "addr_range": 0x1000},
            "dma": {"phys_addr": 0x40400000, "addr_range": 0x10000},
        })
        sys.modules["pynq"] = types.SimpleNamespace(  # type: ignore[assignment]
            MMIO=lambda address, size: Bus(harness.read, harness.write) if address == 0x43C00000
            else Bus(harness.dma_read, harness.dma_write),
            allocate=lambda shape, dtype: harness.allocate(shape[0]))
        with tempfile.TemporaryDirectory() as temporary:
            manifest = json.loads((Path(sys.argv[1]) / "manifest.json").read_text())
            manifest.setdefault("accelerator", {
                "module": design.module, "hash": manifest["hash"][:32], "levels": design.levels,
                "input": {"bytesPerBeat": design.input.beat_bytes},
                "output": {"bytesPerBeat": design.output.beat_bytes,
                           "containerBits": design.output.container_bits, "isSigned": design.output.is_signed},
            })
            (Path(temporary) / "manifest.json").write_text(json.dumps(manifest))
            board = resbin.open_pynq(overlay, temporary)
            check(bool((board.run(images[:2]) == expected[:2]).all()), "PYNQ")
            check(board._images.flushes == 1 and board._results.invalidations == 2, "caches")
            raises(resbin.ResbinError, "has no 'npu'", lambda: resbin.open_pynq(overlay, temporary, "npu"))
        fault = harness.fault()
        check(fault is None, f"{fault}")

        if reload:
            test_reload(harness, design, rng, images, expected, *reload)
            fault = harness.fault()
            check(fault is None, f"{fault}")

    print(f"Python driver: {checks} checks, {failures} failed; seeds {first} to {first + repeats - 1}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
