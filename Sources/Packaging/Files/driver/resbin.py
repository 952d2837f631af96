# SPDX-License-Identifier: Apache-2.0
"""Driver of the accelerators that ResBin generates (<top>_axi), the same as resbin.h for C.

With PYNQ, on the block design of vivado/block_design.tcl:

    import pynq, resbin
    overlay = pynq.Overlay("mnist_256x3_m2.bit")
    runner = resbin.open_pynq(overlay, "mnist")   # the design folder, or its manifest.json
    scores = runner.run(images)                   # (n, 28, 28) of uint8 -> (n, 10)

Without it, registers are anything that has read(offset) and write(offset, value) for 32 bits:

    accelerator = resbin.Accelerator(resbin.Uio("/dev/uio0"), resbin.Design.load("mnist"))
    accelerator.counters()

Needs Python 3.8 and numpy 1.20 or later. Errors are ResbinError and its subclasses.
"""

import json
import mmap
import os
import select
import struct
import time
import zlib
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any, Callable, List, Optional, Protocol, Tuple, Union

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Values = npt.NDArray[np.int64]

ID = 0x5253424E
MAP_MAJOR = 1
MAP_MINOR_OF_LOAD = 2  # the first with LOAD_WORDS
REGISTER_BYTES = 0x1000


class Register(IntEnum):
    """Offsets in bytes."""

    ID = 0x000
    VERSION = 0x004
    HASH_0 = 0x008
    HASH_1 = 0x00C
    HASH_2 = 0x010
    HASH_3 = 0x014
    LEVELS = 0x018
    CONTROL = 0x01C
    STATUS = 0x020
    IRQ_ENABLE = 0x024
    IRQ_STATUS = 0x028
    ERRORS = 0x02C
    SHORT_IMAGES = 0x030
    LONG_IMAGES = 0x034
    BAD_ACCESSES = 0x038
    DROPPED_IMAGES = 0x03C
    LAST_BAD_IMAGE = 0x040
    IMAGES_IN = 0x044
    IMAGES_OUT = 0x048
    CYCLES_LOW = 0x04C
    CYCLES_HIGH = 0x050
    STALLS_IN = 0x054
    STARVED_IN = 0x058
    STALLS_OUT = 0x05C
    IN_BEATS = 0x060
    IN_BYTES = 0x064
    OUT_BEATS = 0x068
    OUT_BYTES = 0x06C
    FIFOS = 0x070
    LOAD_WORDS = 0x074
    LOAD_ADDRESS = 0x078
    LOAD_DATA = 0x07C
    LOAD_CRC = 0x080
    HIGH_WATER = 0x100


class Control(IntFlag):
    ENABLE = 1
    RESET = 2
    ABANDON = 4
    CLEAR = 8
    LOAD = 16


class Status(IntFlag):
    BUSY = 1
    DROPPING = 2
    ERROR = 4
    SWITCHING = 8
    LOADING = 16
    CHECKING = 32


class Interrupt(IntFlag):
    DONE = 1
    ERROR = 2


class Error(IntFlag):
    """Bits of the register ERRORS."""

    SHORT_IMAGE = 1
    LONG_IMAGE = 2
    READ_ONLY = 4
    UNMAPPED = 8
    BAD_LEVELS = 16
    BAD_LOAD = 32


# ---- What can go wrong -----------------------------------------------------------------------


class ResbinError(Exception):
    """Anything that this driver reports."""


class NotAnAccelerator(ResbinError):
    """Register ID is another number: wrong address, or no bitstream."""


class WrongVersion(ResbinError):
    """The register map has another major version."""


class WrongDesign(ResbinError):
    """The hash is not that of the manifest: the bitstream is of another design."""


class WrongGeometry(ResbinError):
    """The hash is right, beats or bytes are not: the manifest was changed."""


class Timeout(ResbinError):
    """It did not get there in time."""


class DmaError(ResbinError):
    """The DMA stopped with an error."""


class WrongLength(ResbinError):
    """A result had another length than the manifest says."""


class WrongParameters(ResbinError):
    """No parameter image, or one that is damaged or cut off. The accelerator was not touched."""


class ChecksumError(ResbinError):
    """The memories do not hold what was loaded (`load` leaves it stopped), or could not be checked."""


# ---- A design --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stream:
    """One stream of a design. Lanes stand side by side in a beat where `container_bits` is
    `lane_bits`, and each in a container of its own otherwise."""

    name: str
    lanes: int
    lane_bits: int
    container_bits: int
    is_signed: bool
    beats: int
    beat_bytes: int
    shape: Tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Bytes of one image or result in memory."""
        return self.beats * self.beat_bytes

    @property
    def values(self) -> int:
        return self.beats * self.lanes


@dataclass(frozen=True)
class Design:
    """What the manifest says of an accelerator."""

    name: str
    module: str
    hash: Tuple[int, int, int, int]
    levels: int
    input: Stream
    output: Stream
    score_step: Optional[float]

    @staticmethod
    def load(path: Union[str, "os.PathLike[str]"]) -> "Design":
        """Reads manifest.json, or that of a design folder."""
        file = Path(path)
        if file.is_dir():
            file = file / "manifest.json"
        manifest = json.loads(file.read_text())
        if "accelerator" not in manifest:
            raise ResbinError(f"{file} describes no accelerator; generate the design again")
        accelerator = manifest["accelerator"]
        digits: str = accelerator["hash"]
        words = tuple(int(digits[at : at + 8], 16) for at in range(0, 32, 8))

        def stream(key: str, container_bits: int, is_signed: bool) -> Stream:
            entry = manifest[key]
            return Stream(
                name=entry["name"],
                lanes=entry["lanes"],
                lane_bits=entry["bitsPerLane"],
                container_bits=container_bits,
                is_signed=is_signed,
                beats=entry["beats"],
                beat_bytes=accelerator[key]["bytesPerBeat"],
                shape=tuple(entry["shape"]),
            )

        output = accelerator["output"]
        return Design(
            name=manifest["network"],
            module=accelerator["module"],
            hash=(words[0], words[1], words[2], words[3]),
            levels=accelerator["levels"],
            input=stream("input", manifest["input"]["bitsPerLane"], False),
            output=stream("output", output["containerBits"], output["isSigned"]),
            score_step=manifest.get("scoreStep"),
        )

    def pack(self, images: npt.ArrayLike) -> Bytes:
        """Images of any shape with all values of an image in raster order, channel fastest, as the
        accelerator takes them: a row of bytes an image."""
        array = np.asarray(images)
        if array.size == 0 or array.size % self.input.values != 0:
            raise ValueError(
                f"{array.size} values are no whole images of {self.input.values} values "
                f"({' x '.join(map(str, self.input.shape))})"
            )
        limit = 1 << self.input.lane_bits
        if array.dtype.kind not in "iub" or array.min() < 0 or array.max() >= limit:
            raise ValueError(f"values have to be integers from 0 to {limit - 1}")
        count = array.size // self.input.values
        if self.input.lane_bits == 8:
            return np.ascontiguousarray(array, dtype=np.uint8).reshape(count, -1)
        beats = array.reshape(count * self.input.beats, self.input.lanes).astype(np.uint64)
        shifts = np.arange(self.input.lane_bits, dtype=np.uint64)
        bits = (beats[:, :, None] >> shifts & np.uint64(1)).astype(np.uint8)
        packed: Bytes = np.packbits(bits.reshape(len(beats), -1), axis=1, bitorder="little")
        return packed.reshape(count, self.input.bytes)

    def unpack(self, results: npt.ArrayLike) -> Values:
        """Bytes of results, a row a result, as values: scores, indices or codes."""
        array = np.ascontiguousarray(results, dtype=np.uint8)
        if array.size == 0 or array.size % self.output.bytes != 0:
            raise ValueError(f"{array.size} bytes are no whole results of {self.output.bytes} bytes")
        count = array.size // self.output.bytes
        beats = array.reshape(count * self.output.beats, self.output.beat_bytes)
        bits = self.output.container_bits
        if bits in (8, 16, 32, 64) and self.output.beat_bytes * 8 == self.output.lanes * bits:
            kind = ("<i" if self.output.is_signed else "<u") + str(bits // 8)
            whole: Values = beats.view(kind).astype(np.int64)
            return whole.reshape(count, -1)
        single = np.unpackbits(beats, axis=1, bitorder="little")[:, : self.output.lanes * bits]
        lanes = single.reshape(len(beats), self.output.lanes, bits).astype(np.int64)
        values: Values = (lanes << np.arange(bits, dtype=np.int64)).sum(axis=2)
        if self.output.is_signed:
            values -= (values >> (bits - 1)) << bits
        return values.reshape(count, -1)

    def classes(self, values: Values) -> Values:
        """The class of each result: the largest score, the first of equals; an index as it is."""
        if values.shape[1] == 1 and not self.output.is_signed:
            indices: Values = values[:, 0]
            return indices
        largest: Values = np.argmax(values, axis=1).astype(np.int64)
        return largest


# ---- A model for it --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Parameters:
    """Weights, thresholds and all other memories of a model of the same shape: the parameter image
    that `resbin reload` writes."""

    hash: Tuple[int, int, int, int]  # of the design that it is for
    crc: int  # of the words, as `Accelerator.checksum` has it
    score_step: Optional[float]
    words: npt.NDArray[np.uint32]

    MAGIC, FORMAT, HEADER_BYTES = 0x50425352, 1, 40

    @staticmethod
    def load(source: Union[str, "os.PathLike[str]", bytes]) -> "Parameters":
        """Reads a file, or its contents. Anything but a whole image raises WrongParameters."""
        data = bytes(source) if isinstance(source, (bytes, bytearray, memoryview)) else Path(source).read_bytes()
        if len(data) < Parameters.HEADER_BYTES:
            raise WrongParameters(f"{len(data)} bytes are no parameter image")
        magic, kind, *words, count, crc, step = struct.unpack_from("<8Id", data)
        if magic != Parameters.MAGIC:
            raise WrongParameters(f"no parameter image: it begins with 0x{magic:08X}, not 0x{Parameters.MAGIC:08X}")
        if kind != Parameters.FORMAT:
            raise WrongParameters(f"the parameter image has format {kind}; this driver is for {Parameters.FORMAT}")
        body = data[Parameters.HEADER_BYTES :]
        if len(body) != 4 * count:
            raise WrongParameters(f"the parameter image has {len(body)} bytes after its header, not {4 * count}")
        found = zlib.crc32(body)
        if found != crc:
            raise WrongParameters(f"the parameter image is damaged: it has CRC-32 0x{found:08X}, not 0x{crc:08X}")
        return Parameters(
            hash=(words[0], words[1], words[2], words[3]),
            crc=crc,
            score_step=step or None,
            words=np.frombuffer(body, dtype="<u4"),
        )


# ---- Registers -------------------------------------------------------------------------------


class Registers(Protocol):
    """32-bit registers; pynq.MMIO is one."""

    def read(self, offset: int) -> int: ...

    def write(self, offset: int, value: int) -> None: ...


class Uio:
    """Registers, and the interrupt, of a Linux UIO device (driver uio_pdrv_genirq)."""

    def __init__(self, path: str, size: int = REGISTER_BYTES) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_SYNC)
        try:
            self._memory = mmap.mmap(self._file, size)
        except OSError:
            os.close(self._file)
            raise
        # Whole words: a register must not be read or written byte by byte.
        self._words = memoryview(self._memory).cast("I")

    def read(self, offset: int) -> int:
        return int(self._words[offset // 4])

    def write(self, offset: int, value: int) -> None:
        self._words[offset // 4] = value & 0xFFFFFFFF

    def wait(self, timeout: Optional[float] = None) -> None:
        """Waits for the interrupt, at most `timeout` seconds; what it was about stays pending in the
        device: acknowledge it there before the next wait."""
        os.write(self._file, struct.pack("=I", 1))
        if not select.select([self._file], [], [], timeout)[0]:
            raise Timeout(f"no interrupt in {timeout} s")
        os.read(self._file, 4)

    def close(self) -> None:
        self._words.release()
        self._memory.close()
        os.close(self._file)


def wait_until(condition: Callable[[], bool], timeout: float, clock: Callable[[], float], what: str) -> None:
    """Asks once more after the time is over: a pause of this program is no timeout."""
    end = clock() + timeout
    while True:
        is_over = clock() > end
        if condition():
            return
        if is_over:
            raise Timeout(what)


@dataclass(frozen=True)
class Counters:
    """Each wraps at 2^32, `cycles` at 2^64. They are read one after the other."""

    cycles: int
    images_in: int
    images_out: int
    short_images: int
    long_images: int
    bad_accesses: int
    dropped_images: int
    last_bad_image: int
    stalls_in: int
    starved_in: int
    stalls_out: int


class Accelerator:
    """An accelerator that is what its manifest says; anything else raises here. Nothing is written.

    `clock` gives the seconds of all timeouts.
    """

    def __init__(
        self, registers: Registers, design: Design, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.registers = registers
        self.design = design
        self.clock = clock
        found = self.read(Register.ID)
        if found != ID:
            raise NotAnAccelerator(f"register ID is 0x{found:08X}, not 0x{ID:08X}")
        version = self.read(Register.VERSION)
        if version >> 16 != MAP_MAJOR:
            raise WrongVersion(
                f"the register map is version {version >> 16}.{version & 0xFFFF}; "
                f"this driver is for {MAP_MAJOR}.x"
            )
        words = tuple(self.read(Register.HASH_0 + 4 * word) for word in range(4))
        if words != design.hash:
            raise WrongDesign(f"the bitstream has hash {_digits(words)}, the manifest {_digits(design.hash)}")
        for name, stream, beats, size in (
            ("input", design.input, Register.IN_BEATS, Register.IN_BYTES),
            ("output", design.output, Register.OUT_BEATS, Register.OUT_BYTES),
        ):
            geometry = self.read(beats), self.read(size)
            if geometry != (stream.beats, stream.beat_bytes):
                raise WrongGeometry(
                    f"{name}: {geometry[0]} beats of {geometry[1]} bytes in hardware, "
                    f"{stream.beats} of {stream.beat_bytes} in the manifest"
                )

    def read(self, offset: int) -> int:
        return int(self.registers.read(int(offset))) & 0xFFFFFFFF

    def write(self, offset: int, value: int) -> None:
        self.registers.write(int(offset), int(value))

    def _command(self, bits: int) -> None:
        staying = self.read(Register.CONTROL) & (Control.ENABLE | Control.LOAD)
        self.write(Register.CONTROL, staying | bits)

    def start(self) -> None:
        """Lets images in."""
        self.write(Register.CONTROL, Control.ENABLE)

    def stop(self) -> None:
        """Lets no image in any more; images in flight finish."""
        self.write(Register.CONTROL, 0)

    @property
    def is_busy(self) -> bool:
        return bool(self.read(Register.STATUS) & Status.BUSY)

    @property
    def is_dropping(self) -> bool:
        """After a reset, until the rest of a packet that had begun has come."""
        return bool(self.read(Register.STATUS) & Status.DROPPING)

    @property
    def is_resetting(self) -> bool:
        return bool(self.read(Register.CONTROL) & Control.RESET)

    def drain(self, timeout: float = 1.0) -> None:
        """The clean end: stops, and waits until the last result has left. `start` goes on."""
        self.stop()
        wait_until(lambda: not self.is_busy, timeout, self.clock, "images are in flight and do not leave")

    def reset(self, abandon: bool = False, timeout: float = 1.0) -> None:
        """Drops all images in flight. A result that has begun to leave is completed with zeros, so
        somebody must take it. `abandon`: the rest of a packet that has begun to come never will."""
        self._command(Control.RESET | (Control.ABANDON if abandon else 0))
        wait_until(lambda: not self.is_resetting, timeout, self.clock, "a result has begun to leave and is not taken")

    def abandon(self) -> None:
        """Says, after a reset, that the rest of the begun packet will not come after all."""
        self._command(Control.ABANDON)

    @property
    def levels(self) -> Tuple[int, int]:
        """Residual levels of the images inside, and built."""
        value = self.read(Register.LEVELS)
        # Version 1.0 of the map has one number for both.
        return value >> 16 & 0xFF or value & 0xFF, value >> 8 & 0xFF

    def set_levels(self, levels: int) -> None:
        """Computes the next image that begins, and those after it, with `levels` levels, 1 to those
        built; images that have begun finish in their own."""
        value = self.read(Register.LEVELS)
        built, is_selectable = value >> 8 & 0xFF, value >> 24 & 1
        if not 0 < levels <= built:
            raise ValueError(f"{levels} levels; the design has 1 to {built}")
        if is_selectable:
            self.write(Register.LEVELS, levels)
        elif levels != built:
            raise ResbinError(f"{levels} levels; the design was generated with a fixed number, {built}")

    @property
    def load_words(self) -> int:
        """Words of the memories that can be written; 0 where they cannot."""
        # An earlier map has no such register, and reading it is counted as an error.
        if self.read(Register.VERSION) & 0xFFFF < MAP_MINOR_OF_LOAD:
            return 0
        return self.read(Register.LOAD_WORDS)

    def load(
        self, parameters: Union[str, "os.PathLike[str]", bytes], timeout: float = 1.0
    ) -> Optional[float]:
        """Puts another model into the accelerator: a parameter image of `resbin reload`, a file or its
        bytes. Gives the model's score step; `design` has it from then on, too.

        No image is begun from here on, and those inside finish, in their old model, for which their
        results have to be taken. An image that is not right is refused before anything happens
        (WrongParameters, WrongDesign). Timeout: images did not leave; nothing was written. After
        ChecksumError, or where writing was interrupted, the accelerator is stopped: load again, then
        `start`. Otherwise it is as it was, running or stopped."""
        words = self._reloadable_words()
        image = Parameters.load(parameters)
        if image.hash != self.design.hash:
            raise WrongDesign(
                f"the parameters are for hash {_digits(image.hash)}, the bitstream has {_digits(self.design.hash)}"
            )
        if len(image.words) != words:
            raise WrongParameters(f"the parameter image has {len(image.words)} words, the memories {words}")
        enable = self._open_memories(timeout)
        try:
            self.write(Register.LOAD_ADDRESS, 0)
            for word in image.words.tolist():
                self.write(Register.LOAD_DATA, word)
            found = self._check_memories(words)
            if found != image.crc:
                raise ChecksumError(
                    f"the memories have CRC-32 0x{found:08X}, not 0x{image.crc:08X}; the accelerator is stopped"
                )
        except BaseException:
            # Half a model: its results would mean nothing.
            self.write(Register.CONTROL, 0)
            raise
        self.write(Register.CONTROL, enable)
        self.design = replace(self.design, score_step=image.score_step)
        return image.score_step

    def checksum(self, timeout: float = 1.0) -> int:
        """The CRC-32 of what stands in the memories now, to be compared with `Parameters.crc`; images
        wait meanwhile, five cycles a word."""
        words = self._reloadable_words()
        enable = self._open_memories(timeout)
        try:
            return self._check_memories(words)
        finally:
            self.write(Register.CONTROL, enable)

    def _reloadable_words(self) -> int:
        words = self.load_words
        if words == 0:
            raise ResbinError("the memories cannot be written: generate the design with --reloadable")
        return words

    def _open_memories(self, timeout: float) -> int:
        """Gives ENABLE as it was. After an exception all is as it was. While they are open it is
        stopped: so it stays where its program is killed in the midst of a load."""
        control = self.read(Register.CONTROL)
        enable = control & Control.ENABLE
        if control & Control.LOAD:
            # Who left them open may have left a check going, too: closing ends it. No image begins.
            self.write(Register.CONTROL, 0)
        self.write(Register.CONTROL, Control.LOAD)
        try:
            wait_until(
                lambda: bool(self.read(Register.STATUS) & Status.LOADING), timeout, self.clock,
                "images are in flight and do not leave: nothing was written",
            )
        except BaseException:
            self.write(Register.CONTROL, enable)
            raise
        return enable

    def _check_memories(self, words: int) -> int:
        """A check takes five cycles a word, and a read of STATUS two or more: its end is known without
        a clock, so no timeout can be too short for it."""
        self.write(Register.LOAD_CRC, 0)
        for _ in range(16 * words + 1024):
            status = self.read(Register.STATUS)
            if not status & Status.CHECKING:
                break
        # Where the memories were closed meanwhile, by a reset perhaps, the register says nothing.
        if status & (Status.CHECKING | Status.LOADING) != Status.LOADING:
            raise ChecksumError("the memories were not checked: they were closed, or the check does not end")
        return self.read(Register.LOAD_CRC)

    def counters(self) -> Counters:
        # Reading the lower half latches the upper one.
        low = self.read(Register.CYCLES_LOW)
        return Counters(
            cycles=low | self.read(Register.CYCLES_HIGH) << 32,
            images_in=self.read(Register.IMAGES_IN),
            images_out=self.read(Register.IMAGES_OUT),
            short_images=self.read(Register.SHORT_IMAGES),
            long_images=self.read(Register.LONG_IMAGES),
            bad_accesses=self.read(Register.BAD_ACCESSES),
            dropped_images=self.read(Register.DROPPED_IMAGES),
            last_bad_image=self.read(Register.LAST_BAD_IMAGE),
            stalls_in=self.read(Register.STALLS_IN),
            starved_in=self.read(Register.STARVED_IN),
            stalls_out=self.read(Register.STALLS_OUT),
        )

    def clear_counters(self) -> None:
        """Zeroes counters, high-water marks and last_bad_image."""
        self._command(Control.CLEAR)

    def high_water(self) -> List[int]:
        """Most beats that each queue held."""
        return [self.read(Register.HIGH_WATER + 4 * index) for index in range(self.read(Register.FIFOS))]

    @property
    def errors(self) -> Error:
        return Error(self.read(Register.ERRORS) & 0x3F)

    def clear_errors(self, errors: int = 0x3F) -> None:
        self.write(Register.ERRORS, errors)

    def enable_interrupts(self, interrupts: int) -> None:
        self.write(Register.IRQ_ENABLE, interrupts)

    @property
    def interrupts(self) -> Interrupt:
        return Interrupt(self.read(Register.IRQ_STATUS) & 3)

    def acknowledge_interrupts(self, interrupts: int) -> None:
        self.write(Register.IRQ_STATUS, interrupts)


def _digits(words: Tuple[int, ...]) -> str:
    return "".join(f"{word:08x}" for word in words)


# ---- DMA -------------------------------------------------------------------------------------


class Dma:
    """Xilinx AXI DMA (v7.1) in simple mode; registers and behaviour from PG021.

    One transfer is one image. `alignment` is that of addresses and strides in bytes; 128 is the
    widest memory side that the DMA can have. `longest` is 2^c_sg_length_width - 1.
    """

    MM2S, S2MM = 0x00, 0x30
    CONTROL, STATUS, ADDRESS, ADDRESS_MSB, LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28
    RUN, RESET = 0x1, 0x4
    HALTED, IDLE, SCATTER, INTERNAL, SLAVE, DECODE = 0x01, 0x02, 0x08, 0x10, 0x20, 0x40
    INTERRUPTS = 0x5000

    def __init__(
        self,
        registers: Registers,
        alignment: int = 128,
        longest: int = (1 << 26) - 1,
        is_wide: bool = False,
        clock: Callable[[], float] = time.monotonic,
        timeout: float = 1.0,
    ) -> None:
        self.registers = registers
        self.alignment = alignment
        self.longest = longest
        self.is_wide = is_wide
        self.clock = clock
        if self._read(self.MM2S + self.STATUS) & self.SCATTER:
            raise DmaError("the DMA has scatter/gather; build it with c_include_sg 0")
        self.reset(timeout)

    def _read(self, offset: int) -> int:
        return int(self.registers.read(offset)) & 0xFFFFFFFF

    def _both(self, offset: int) -> int:
        return self._read(self.MM2S + offset) | self._read(self.S2MM + offset)

    def reset(self, timeout: float = 1.0) -> None:
        """Resets both channels and everything in them, and starts them."""
        self._sending = self._receiving = False
        self.registers.write(self.MM2S + self.CONTROL, self.RESET)
        wait_until(
            lambda: not self._both(self.CONTROL) & self.RESET, timeout, self.clock, "the DMA's reset does not end"
        )
        for channel in (self.MM2S, self.S2MM):
            self.registers.write(channel + self.CONTROL, self.RUN)
        wait_until(
            lambda: not self._both(self.STATUS) & self.HALTED, timeout, self.clock, "the DMA does not start"
        )

    def stride(self, size: int) -> int:
        """Bytes rounded up to the alignment."""
        return (size + self.alignment - 1) // self.alignment * self.alignment

    def _start(self, channel: int, address: int, size: int) -> None:
        if address % self.alignment != 0:
            raise ValueError(f"address 0x{address:X} is no multiple of {self.alignment}")
        if not 0 < size <= self.longest:
            raise ValueError(f"{size} bytes: a transfer has 1 to {self.longest}")
        if not self.is_wide and address + size > 1 << 32:
            raise ValueError(f"address 0x{address:X} has more than 32 bits")
        self.registers.write(channel + self.STATUS, self.INTERRUPTS)
        self.registers.write(channel + self.ADDRESS, address & 0xFFFFFFFF)
        if self.is_wide:
            self.registers.write(channel + self.ADDRESS_MSB, address >> 32)
        self.registers.write(channel + self.LENGTH, size)

    def send(self, address: int, size: int) -> None:
        if self._sending:
            raise ResbinError("an image is being sent")
        self._start(self.MM2S, address, size)
        self._sending = True

    def receive(self, address: int, size: int) -> None:
        if self._receiving:
            raise ResbinError("a result is being received")
        self._start(self.S2MM, address, size)
        self._receiving = True

    def _is_done(self, channel: int) -> bool:
        status = self._read(channel + self.STATUS)
        if status & (self.INTERNAL | self.SLAVE | self.DECODE):
            name = "MM2S" if channel == self.MM2S else "S2MM"
            reasons = {
                self.INTERNAL: "a packet did not fit its buffer",
                self.SLAVE: "the memory answered with an error",
                self.DECODE: "there is no memory at the address",
            }
            text = ", ".join(reason for bit, reason in reasons.items() if status & bit)
            raise DmaError(f"{name}: {text} (DMASR 0x{status:08X})")
        return bool(status & self.IDLE)

    def is_sent(self) -> bool:
        """Whether the image that was begun has been sent; once."""
        if self._sending and self._is_done(self.MM2S):
            self._sending = False
            return True
        return False

    def received(self) -> Optional[int]:
        """Bytes of the result that was begun when it is there; once."""
        if self._receiving and self._is_done(self.S2MM):
            self._receiving = False
            return self._read(self.S2MM + self.LENGTH)
        return None

    def run(
        self, accelerator: Accelerator, images: int, image_stride: int, results: int, result_stride: int,
        count: int, timeout: float = 1.0,
    ) -> None:
        """Sends `count` images from address `images` and puts their results at `results`. The timeout
        begins anew with each image sent and each result received. After an exception images are in
        flight: call `abort`."""
        image_bytes, result_bytes = accelerator.design.input.bytes, accelerator.design.output.bytes
        for name, stride, size in (("image", image_stride, image_bytes), ("result", result_stride, result_bytes)):
            if count > 1 and (stride < size or stride % self.alignment != 0):
                raise ValueError(
                    f"{name} stride {stride}: expected a multiple of {self.alignment}, {size} or more"
                )
        sent = done = 0
        end = self.clock() + timeout
        # A result may leave before the last rows of its image came, where no pixel of it needs them.
        while done < count or sent < count:
            is_over = self.clock() > end
            # The buffer for a result is there before its image is sent.
            if not self._receiving and done < count:
                self.receive(results + done * result_stride, result_bytes)
            if not self._sending and sent < count:
                self.send(images + sent * image_stride, image_bytes)
            has_moved = False
            if self.is_sent():
                sent += 1
                has_moved = True
            size_received = self.received()
            if size_received is not None:
                if size_received != result_bytes:
                    raise WrongLength(f"result {done} has {size_received} bytes, not {result_bytes}")
                done += 1
                has_moved = True
            if has_moved:
                end = self.clock() + timeout
            elif is_over:
                raise Timeout(f"{sent} of {count} images were sent, {done} results came")

    def abort(self, accelerator: Accelerator, scratch: int, timeout: float = 1.0) -> None:
        """Ends whatever is going on: the accelerator drops its images while the DMA still delivers
        what it had begun and takes a result that had begun to leave (into `scratch`, room for one);
        then the DMA is reset. What does not end in time is abandoned."""
        size = accelerator.design.output.bytes
        try:
            try:
                accelerator.reset(timeout=0)
            except Timeout:
                pass  # it ends when the begun result has been taken
            end = self.clock() + timeout
            while True:
                is_over = self.clock() > end
                is_resetting = accelerator.is_resetting
                self.is_sent()
                self.received()
                if not is_resetting and not self._sending and not accelerator.is_dropping:
                    self.reset(timeout)
                    return
                if is_over:
                    break
                if is_resetting and not self._receiving:
                    self.receive(scratch, size)
        except DmaError:
            pass
        self.reset(timeout)
        self.receive(scratch, size)
        accelerator.reset(abandon=True, timeout=timeout)
        self.reset(timeout)


# ---- Images in, values out ---------------------------------------------------------------------


class Runner:
    """An accelerator behind a DMA, and memory that both see.

    `allocate(bytes)` gives an array of bytes with `device_address`, and with `flush()` and
    `invalidate()` where memory is cached, as pynq.allocate does.
    """

    def __init__(self, accelerator: Accelerator, dma: Dma, allocate: Callable[[int], Any]) -> None:
        self.accelerator = accelerator
        self.dma = dma
        self._allocate = allocate
        self._capacity = 0
        self._images: Any = None
        self._results: Any = None
        design = accelerator.design
        self._image_stride = dma.stride(design.input.bytes)
        self._result_stride = dma.stride(design.output.bytes)

    def _reserve(self, count: int) -> None:
        if count > self._capacity:
            self._images = self._allocate(count * self._image_stride)
            self._results = self._allocate(count * self._result_stride)
            self._capacity = count

    def run(self, images: npt.ArrayLike, timeout: float = 1.0) -> Values:
        """Values of the results, a row an image. After an exception the accelerator is clean again."""
        design = self.accelerator.design
        packed = design.pack(images)
        count = len(packed)
        self._reserve(count)
        rows = np.asarray(self._images)[: count * self._image_stride].reshape(count, -1)
        rows[:, : design.input.bytes] = packed
        _call(self._images, "flush")
        _call(self._results, "invalidate")
        try:
            self.dma.run(
                self.accelerator, int(self._images.device_address), self._image_stride,
                int(self._results.device_address), self._result_stride, count, timeout,
            )
        except ResbinError:
            self.dma.abort(self.accelerator, int(self._results.device_address), timeout)
            raise
        _call(self._results, "invalidate")
        results = np.asarray(self._results)[: count * self._result_stride].reshape(count, -1)
        return design.unpack(results[:, : design.output.bytes])

    def classes(self, images: npt.ArrayLike, timeout: float = 1.0) -> Values:
        return self.accelerator.design.classes(self.run(images, timeout))


def _call(buffer: Any, name: str) -> None:
    method = getattr(buffer, name, None)
    if method is not None:
        method()


def open_pynq(
    overlay: Any, path: Union[str, "os.PathLike[str]"], accelerator: str = "accelerator", dma: str = "dma"
) -> Runner:
    """A runner on a PYNQ overlay; names are those of the cells in the block design."""
    import pynq  # type: ignore[import-not-found,import-untyped,unused-ignore]

    def registers(name: str) -> Registers:
        if name not in overlay.ip_dict:
            raise ResbinError(f"the overlay has no '{name}'; it has {', '.join(overlay.ip_dict)}")
        entry = overlay.ip_dict[name]
        mapped: Registers = pynq.MMIO(entry["phys_addr"], entry["addr_range"])
        return mapped

    def allocate(size: int) -> Any:
        return pynq.allocate(shape=(size,), dtype=np.uint8)

    return Runner(Accelerator(registers(accelerator), Design.load(path)), Dma(registers(dma)), allocate)
