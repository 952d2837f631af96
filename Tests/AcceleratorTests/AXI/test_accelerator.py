# SPDX-License-Identifier: Apache-2.0
"""What an accelerator does on its AXI ports, against a model of a few lines; see run_accelerator.py.

The rules of AXI themselves are checked in axi_checker.sv, in every test.
"""

import itertools
import json
import os
import random
import zlib
from collections import deque
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.regression import TestFactory
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge, Timer, with_timeout
from cocotbext.axi import (
    AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamBus, AxiStreamSink, AxiStreamSource)

MANIFEST = json.loads((Path(os.environ["RESBIN_DESIGN"]) / "manifest.json").read_text())
SEED = int(os.environ.get("RESBIN_SEED", "1"))
SEEDS = int(os.environ.get("RESBIN_SEEDS", "4"))
COUNT = int(os.environ.get("RESBIN_COUNT", "200"))
BEATS = MANIFEST["input"]["beats"]
OUT_BEATS = MANIFEST["output"]["beats"]
IN_BYTES = (MANIFEST["input"]["lanes"] * MANIFEST["input"]["bitsPerLane"] + 7) // 8
PIXELS = Path(os.environ["RESBIN_IMAGES"]).read_bytes()
SCORES = Path(os.environ["RESBIN_EXPECTED"]).read_bytes()
IMAGES = len(PIXELS) // (BEATS * IN_BYTES)
OUT_BYTES = len(SCORES) // (IMAGES * OUT_BEATS)
LEVELS = MANIFEST["accelerator"]["levels"]
# Designs in which the levels are chosen: the results of each smaller number, from 1.
MODES = MANIFEST.get("modes", [])
FEWER = [Path(path).read_bytes() for path in os.environ.get("RESBIN_FEWER", "").split(":") if path]
assert len(FEWER) == len(MODES) and all(len(data) == len(SCORES) for data in FEWER)
# Designs whose memories can be written: another model's, and its results with all levels.
LOAD_WORDS = MANIFEST["accelerator"].get("loadWords") or 0
RELOAD = [Path(path).read_bytes() for path in os.environ.get("RESBIN_RELOAD", "").split(":") if path]
OTHER_IMAGE, OTHER_SCORES = RELOAD or (b"", SCORES)
assert not RELOAD or LOAD_WORDS and len(OTHER_SCORES) == len(SCORES)
assert len(PIXELS) == IMAGES * BEATS * IN_BYTES
assert len(SCORES) == IMAGES * OUT_BEATS * OUT_BYTES

PERIOD = 10  # ns
IMAGE_CYCLES = MANIFEST["timing"]["interval"] + 4 * BEATS  # and more than enough for pauses
LATENCY = MANIFEST["timing"]["latency"]
LIMIT = PERIOD * (100_000 + 40 * LATENCY + 100 * IMAGE_CYCLES)  # of a test
CHECK_CYCLES = 5 * LOAD_WORDS + 20
LOAD_LIMIT = LIMIT + PERIOD * 500 * LOAD_WORDS  # of one that writes memories
OFFSETS = {
    "ID": 0x000, "VERSION": 0x004, "HASH_0": 0x008, "HASH_1": 0x00C, "HASH_2": 0x010,
    "HASH_3": 0x014, "LEVELS": 0x018, "CONTROL": 0x01C, "STATUS": 0x020, "IRQ_ENABLE": 0x024,
    "IRQ_STATUS": 0x028, "ERRORS": 0x02C, "SHORT_IMAGES": 0x030, "LONG_IMAGES": 0x034,
    "BAD_ACCESSES": 0x038, "DROPPED_IMAGES": 0x03C, "LAST_BAD_IMAGE": 0x040, "IMAGES_IN": 0x044,
    "IMAGES_OUT": 0x048, "CYCLES_LOW": 0x04C, "CYCLES_HIGH": 0x050, "STALLS_IN": 0x054,
    "STARVED_IN": 0x058, "STALLS_OUT": 0x05C, "IN_BEATS": 0x060, "IN_BYTES": 0x064,
    "OUT_BEATS": 0x068, "OUT_BYTES": 0x06C, "FIFOS": 0x070, "LOAD_WORDS": 0x074,
    "LOAD_ADDRESS": 0x078, "LOAD_DATA": 0x07C, "LOAD_CRC": 0x080,
}
HIGH_WATER = 0x100  # of queue 0; not every design has queues
PORTS = """
aclk aresetn irq s_axis_tdata s_axis_tvalid s_axis_tready s_axis_tlast m_axis_tdata m_axis_tvalid
m_axis_tready m_axis_tlast s_axil_awaddr s_axil_awprot s_axil_awvalid s_axil_awready s_axil_wdata
s_axil_wstrb s_axil_wvalid s_axil_wready s_axil_bresp s_axil_bvalid s_axil_bready s_axil_araddr
s_axil_arprot s_axil_arvalid s_axil_arready s_axil_rdata s_axil_rresp s_axil_rvalid s_axil_rready
"""
WRITABLE = {"CONTROL", "IRQ_ENABLE", "IRQ_STATUS", "ERRORS"} | ({"LEVELS"} if MODES else set())
if LOAD_WORDS:
    WRITABLE |= {"LOAD_ADDRESS", "LOAD_DATA", "LOAD_CRC"}
READ_ONLY = sorted(set(OFFSETS) - WRITABLE)
CLOSED = ["LOAD_DATA", "LOAD_CRC"] if LOAD_WORDS else []  # cannot be written while the memories are
ENABLE, RESET, ABANDON, CLEAR, LOAD = 1, 2, 4, 8, 16  # CONTROL
BUSY, DROPPING, ERROR, SWITCHING, LOADING, CHECKING = 1, 2, 4, 8, 16, 32  # STATUS
DONE_IRQ, ERROR_IRQ = 1, 2
SHORT, LONG, READ_ONLY_ERROR, UNMAPPED, BAD_LEVELS, BAD_LOAD = 1, 2, 4, 8, 16, 32  # ERRORS


def image(index):
    """The beats of an image."""
    start = index * BEATS * IN_BYTES
    return [
        int.from_bytes(PIXELS[at:at + IN_BYTES], "little")
        for at in range(start, start + BEATS * IN_BYTES, IN_BYTES)]


def levels_register(chosen=LEVELS, in_use=LEVELS):
    return (1 << 24 if MODES else 0) | in_use << 16 | LEVELS << 8 | chosen


def timing(levels):
    return MODES[levels - 1]["timing"] if levels < LEVELS and MODES else MANIFEST["timing"]


def scores(index, levels=LEVELS, other=False):
    """The beats of its result; None: that of the other model with fewer levels is not known."""
    if other and levels < LEVELS:
        return None
    data = OTHER_SCORES if other else (FEWER + [SCORES])[levels - 1] if MODES else SCORES
    start = index * OUT_BEATS * OUT_BYTES
    return [
        int.from_bytes(data[at:at + OUT_BYTES], "little")
        for at in range(start, start + OUT_BEATS * OUT_BYTES, OUT_BYTES)]


class Packet:
    """One packet in; `result` is what leaves for it, None where the specification does not say."""

    def __init__(self, beats, result, index=None):
        self.beats = beats
        self.result = result
        self.index = index  # of the image that the result belongs to

    def begin(self, levels, other):
        """With so many levels in use, and that model in the memories."""
        if self.index is not None and self.result is not None:
            self.result = scores(self.index, levels, other)

    @staticmethod
    def good(index):
        return Packet(image(index), scores(index), index)

    @staticmethod
    def long(index, extra, rng):
        """What follows is noise, and swallowed."""
        noise = [rng.getrandbits(8 * IN_BYTES) for _ in range(extra)]
        return Packet(image(index) + noise, scores(index), index)

    @staticmethod
    def short(index, length):
        """Zeros take the place of what misses: the result is known where they stood there anyway."""
        beats = image(index)
        known = not any(beats[length:])
        return Packet(beats[:length], scores(index) if known else None, index)

    @staticmethod
    def zeros_cut(index):
        """The shortest packet that gives the result of the whole image."""
        beats = image(index)
        while len(beats) > 1 and beats[-1] == 0:
            beats.pop()
        return Packet.short(index, len(beats))


class Model:
    """What the registers should say, from the transfers alone."""

    def __init__(self):
        self.images_in = self.images_out = self.short = self.long = self.dropped = 0
        self.last_bad = self.bad_accesses = 0
        self.taken = 0  # beats of the packet that comes
        self.dropping = False
        self.flight = deque()  # packets begun whose results have not left
        self.completing = None  # the packet that a reset cut off
        self.results = 0  # checked against what was expected
        self.busy = []  # cycle and +1 or -1

    def beat(self, packet, last, cycle):
        if self.dropping:
            self.dropping = not last
            return
        self.taken += 1
        if self.taken == 1:
            self.flight.append(packet)
            self.busy.append((cycle, 1))
        is_short = last and self.taken < BEATS
        is_long = not last and self.taken == BEATS
        if is_short or is_long:
            self.last_bad = self.images_in
        self.short += is_short
        self.long += is_long
        self.images_in += is_short or self.taken == BEATS
        if last:
            self.taken = 0

    def reset(self, sent, offers, offers_last, abandons):
        """The pipeline goes into reset; `sent` beats of a packet have left."""
        whole = [self.flight.popleft()] if offers_last else []
        self.dropped += len(self.flight)
        if (sent or offers) and not whole:
            self.completing = self.flight[0]
        self.flight = deque(whole)
        self.dropping = (self.dropping or self.taken != 0) and not abandons
        self.taken = 0

    def packet(self, beats, cycle):
        assert len(beats) == OUT_BEATS, f"a result of {len(beats)} beats"
        if self.completing:
            packet, self.completing = self.completing, None
            if packet.result is not None:
                made_up = [not any(beats[n:]) for n in range(OUT_BEATS + 1)].index(True)
                assert beats[:made_up] == packet.result[:made_up], "the completed part is wrong"
            return
        assert self.flight, "a result without an image"
        packet = self.flight.popleft()
        self.images_out += 1
        self.busy.append((cycle, -1))
        if packet.result is not None:
            assert beats == packet.result, f"result {self.images_out - 1} is wrong: {beats}"
            self.results += 1

    @property
    def busy_cycles(self):
        """Of runs without a reset."""
        total = depth = 0
        for (cycle, step), (after, _) in zip(sorted(self.busy), sorted(self.busy)[1:]):
            depth += step
            total += (after - cycle) if depth else 0
        return total

    def counters(self):
        return {
            "SHORT_IMAGES": self.short, "LONG_IMAGES": self.long,
            "BAD_ACCESSES": self.bad_accesses, "DROPPED_IMAGES": self.dropped,
            "LAST_BAD_IMAGE": self.last_bad, "IMAGES_IN": self.images_in,
            "IMAGES_OUT": self.images_out,
        }


class Bench:
    """The client: a source, a sink, a bus master, the model beside them."""

    def __init__(self, dut, seed=0):
        self.dut = dut
        # A port of which cocotb hears first in a list, as AxiLiteBus makes one, is a copy that
        # Verilator 5.006 overwrites; asked for by name it is the port.
        for port in PORTS.split():
            getattr(dut, port)
        self.rng = random.Random(seed)
        self.model = Model()
        self.queue = deque()  # beats to send: data, last, packet
        self.pause_in = self.pause_out = 0.0  # probability of a pause a cycle
        self.hold_in = self.hold_out = False  # nothing new is offered; nothing is taken
        self.offered = None
        self.sent = []  # beats of the packet that leaves
        self.allowed = {LEVELS}  # levels that an image may begin with: two while they are written
        self.other = False  # the other model is in the memories
        self.resets = 0  # of the pipeline

    @property
    def cycle(self):
        return round(cocotb.utils.get_sim_time("ns")) // PERIOD

    async def start(self, streams=True):
        dut = self.dut
        cocotb.start_soon(Clock(dut.aclk, PERIOD, "ns").start())
        bus = AxiLiteBus.from_prefix(dut, "s_axil")
        self.axil = AxiLiteMaster(bus, dut.aclk, dut.aresetn, reset_active_level=False)
        for channel in [
                self.axil.write_if.aw_channel, self.axil.write_if.w_channel,
                self.axil.write_if.b_channel, self.axil.read_if.ar_channel,
                self.axil.read_if.r_channel]:
            channel.log.setLevel("WARNING")
        self.axil.write_if.log.setLevel("WARNING")
        self.axil.read_if.log.setLevel("WARNING")
        await self._begin(streams)

    async def reset_all(self):
        """Through aresetn. Returns the client from then on; the bus keeps its one master."""
        for task in self.tasks:
            task.kill()
        fresh = Bench(self.dut, self.rng.getrandbits(32))
        fresh.axil = self.axil
        await fresh._begin(streams=True)
        return fresh

    async def _begin(self, streams):
        dut = self.dut
        dut.aresetn.value = 0
        dut.s_axis_tvalid.value = 0
        dut.s_axis_tlast.value = 0
        dut.m_axis_tready.value = 0
        await ClockCycles(dut.aclk, 5)
        self.violations = int(dut.u_checker.violations.value)
        dut.aresetn.value = 1
        self.tasks = [cocotb.start_soon(self._watch_reset()), cocotb.start_soon(self._watch_abandon())]
        if streams:
            self.tasks += [cocotb.start_soon(self._source()), cocotb.start_soon(self._sink())]
        await ClockCycles(dut.aclk, 2)

    def pause_bus(self, probability):
        """Random pauses on all five channels of the bus."""
        def pauses():
            while True:
                yield self.rng.random() < probability
        for channel in [
                self.axil.write_if.aw_channel, self.axil.write_if.w_channel,
                self.axil.write_if.b_channel, self.axil.read_if.ar_channel,
                self.axil.read_if.r_channel]:
            channel.set_pause_generator(pauses())

    # Streams

    def send(self, packet):
        for number, data in enumerate(packet.beats):
            self.queue.append((data, number == len(packet.beats) - 1, packet))

    async def _source(self):
        dut = self.dut
        edge = RisingEdge(dut.aclk)
        while True:
            await edge
            if self.offered and dut.s_axis_tready.value:
                data, last, packet = self.offered
                if self.model.taken == 0 and not self.model.dropping:
                    levels = int(dut.u_control.mode_o.value) + 1 if MODES else LEVELS
                    assert levels in self.allowed, f"{levels} levels, not {self.allowed}"
                    packet.begin(levels, self.other)
                self.model.beat(packet, last, self.cycle)
                self.offered = None
            if self.offered is None:
                if self.queue and not self.hold_in and self.rng.random() >= self.pause_in:
                    self.offered = self.queue.popleft()
                    dut.s_axis_tdata.value = self.offered[0]
                    dut.s_axis_tlast.value = self.offered[1]
                    dut.s_axis_tvalid.value = 1
                elif dut.s_axis_tvalid.value:
                    dut.s_axis_tvalid.value = 0
                    dut.s_axis_tlast.value = self.rng.getrandbits(1)
                    dut.s_axis_tdata.value = self.rng.getrandbits(8 * IN_BYTES)

    async def _sink(self):
        dut = self.dut
        edge = RisingEdge(dut.aclk)
        ready = False
        while True:
            await edge
            if ready and dut.m_axis_tvalid.value:
                self.sent.append(int(dut.m_axis_tdata.value))
                if dut.m_axis_tlast.value:
                    self.model.packet(self.sent, self.cycle)
                    self.sent = []
            wants = not self.hold_out and self.rng.random() >= self.pause_out
            if wants != ready:
                ready = wants
                dut.m_axis_tready.value = ready

    async def _watch_reset(self):
        """Where the wrapper's own reset of the pipeline begins is the one thing seen from within."""
        dut = self.dut
        await RisingEdge(dut.aclk)
        await RisingEdge(dut.aclk)
        while True:
            await RisingEdge(dut.u_control.reset_o)
            self.resets += 1
            offers = bool(dut.m_axis_tvalid.value)
            self.model.reset(
                len(self.sent), offers, offers and bool(dut.m_axis_tlast.value),
                bool(dut.u_control.abandon_o.value))

    async def _watch_abandon(self):
        while True:
            await RisingEdge(self.dut.u_control.abandon_o)
            self.model.dropping = False

    # Registers

    async def read(self, name, offset=None):
        got = await self.axil.read(OFFSETS[name] if offset is None else offset, 4)
        assert got.resp == AxiResp.OKAY
        return int.from_bytes(got.data, "little")

    async def write(self, name, value):
        await self.write_bytes(OFFSETS[name], value.to_bytes(4, "little"))

    async def write_bytes(self, offset, data):
        got = await self.axil.write(offset, data)
        assert got.resp == AxiResp.OKAY

    async def expect(self, **registers):
        for name, value in registers.items():
            got = await self.read(name)
            assert got == value, f"{name} is {got:#x}, expected {value:#x}"

    async def until(self, name, mask, value):
        for _ in range(2000 + LATENCY):
            if await self.read(name) & mask == value:
                return
            await ClockCycles(self.dut.aclk, 5)
        raise AssertionError(f"{name} does not become {value:#x} under {mask:#x}")

    async def choose(self, levels):
        """The next image that begins has so many."""
        self.allowed.add(levels)
        await self.write("LEVELS", levels)
        self.allowed = {levels}

    async def reset(self, others=ENABLE):
        await self.write("CONTROL", RESET | others)
        await self.until("CONTROL", RESET, 0)

    async def open(self):
        await self.write("CONTROL", ENABLE | LOAD)
        await self.until("STATUS", LOADING, LOADING)
        assert not self.model.flight and not self.model.taken, "open, and an image is inside"

    async def close(self):
        before = self.resets
        await self.write("CONTROL", ENABLE)
        assert await self.read("STATUS") & (LOADING | CHECKING) == 0
        assert self.resets == before + 1, "what was computed meanwhile is not dropped"

    async def words(self):
        """All that stands in the memories; they are open."""
        await self.write("LOAD_ADDRESS", 0)
        words = []
        while len(words) < LOAD_WORDS:
            count = min(64, LOAD_WORDS - len(words))
            reads = [self.axil.init_read(OFFSETS["LOAD_DATA"], 4) for _ in range(count)]
            for read in reads:
                await read.wait()
                assert read.data.resp == AxiResp.OKAY
                words.append(int.from_bytes(read.data.data, "little"))
        await self.expect(LOAD_ADDRESS=LOAD_WORDS)
        return words

    async def fill(self, words):
        await self.write("LOAD_ADDRESS", 0)
        for first in range(0, len(words), 64):
            writes = [
                self.axil.init_write(OFFSETS["LOAD_DATA"], word.to_bytes(4, "little"))
                for word in words[first:first + 64]]
            for write in writes:
                await write.wait()
                assert write.data.resp == AxiResp.OKAY
        await self.expect(LOAD_ADDRESS=LOAD_WORDS)

    async def check(self):
        await self.write("LOAD_CRC", self.rng.getrandbits(32))
        await ClockCycles(self.dut.aclk, CHECK_CYCLES)
        assert await self.read("STATUS") & (LOADING | CHECKING) == LOADING
        await self.expect(LOAD_ADDRESS=LOAD_WORDS)
        return await self.read("LOAD_CRC")

    async def change(self, word, value):
        """Writes it, and returns what then stands there: not every bit is in a memory."""
        await self.write("LOAD_ADDRESS", word)
        await self.write("LOAD_DATA", value)
        await self.write("LOAD_ADDRESS", word)
        return await self.read("LOAD_DATA")

    async def load(self, words, other):
        await self.open()
        await self.fill(words)
        self.other = other
        assert await self.check() == checksum(words)
        await self.close()

    async def drained(self):
        """All that was sent is taken, and every result that is owed has left."""
        while self.queue or self.offered or self.model.flight or self.model.completing:
            await ClockCycles(self.dut.aclk, 20)
        await ClockCycles(self.dut.aclk, 5)

    async def until_taken(self, count):
        """`count` beats are still to be offered."""
        while len(self.queue) > count or self.offered:
            await RisingEdge(self.dut.aclk)
            if len(self.queue) <= count:
                self.hold_in = True

    # The end of a test

    async def finish(self, **expected):
        await with_timeout(self.drained(), LIMIT, "ns")
        await self.until("STATUS", BUSY, 0)
        registers = self.model.counters()
        registers.update(STATUS=ERROR if await self.read("ERRORS") else 0)
        registers.update(expected)
        await self.expect(**registers)
        checker = self.dut.u_checker
        await self.expect(
            STALLS_IN=int(checker.stalls_in_q.value), STARVED_IN=int(checker.starved_in_q.value),
            STALLS_OUT=int(checker.stalls_out_q.value))
        assert not self.dut.m_axis_tvalid.value, "a beat that nobody owes"
        broken = int(checker.violations.value) - self.violations
        assert broken == 0, f"{broken} violations of AXI, see above"


# Right images


@cocotb.test(timeout_time=LIMIT + PERIOD * COUNT * IMAGE_CYCLES, timeout_unit="ns")
async def images_pass_with_pauses(dut):
    """Source and sink of cocotbext-axi, random pauses on both sides."""
    bench = Bench(dut, SEED)
    await bench.start(streams=False)
    source = AxiStreamSource(
        AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, dut.aresetn, reset_active_level=False)
    sink = AxiStreamSink(
        AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, dut.aresetn, reset_active_level=False)
    for end in (source, sink):
        end.log.setLevel("WARNING")

    def pauses(seed):
        rng = random.Random(seed)
        while True:
            run = rng.choice([1, 1, 4, 30, 200])
            pause = rng.random() < 0.5
            yield from itertools.repeat(pause, rng.randint(1, run))

    source.set_pause_generator(pauses(SEED + 1))
    sink.set_pause_generator(pauses(SEED + 2))
    count = min(COUNT, IMAGES)
    size = BEATS * IN_BYTES
    for index in range(count):
        source.send_nowait(PIXELS[index * size:][:size])
    for index in range(count):
        frame = await sink.recv()
        expected = SCORES[index * OUT_BEATS * OUT_BYTES:][:OUT_BEATS * OUT_BYTES]
        assert bytes(frame.tdata) == expected, f"result {index} is wrong"
    await ClockCycles(dut.aclk, 10)
    bench.model.images_in = bench.model.images_out = count
    cycles = await bench.read("CYCLES_LOW")
    timing = MANIFEST["timing"]
    assert cycles >= timing["latency"] + 2 + (count - 1) * timing["interval"]
    await bench.finish(ERRORS=0, CYCLES_LOW=cycles, CYCLES_HIGH=0, IRQ_STATUS=DONE_IRQ)


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def latency_and_interval_are_as_predicted(dut):
    """Each frame adds one cycle of latency and none of interval."""
    bench = Bench(dut)
    await bench.start()
    timing = MANIFEST["timing"]
    bench.send(Packet.good(0))
    await bench.drained()
    await bench.expect(CYCLES_LOW=timing["latency"] + 2)
    for index in range(1, 12):
        bench.send(Packet.good(index % IMAGES))
    await bench.drained()
    left = [cycle for cycle, step in bench.model.busy if step < 0]
    distances = [after - before for before, after in zip(left[-4:], left[-3:])]
    assert distances == [timing["interval"]] * 3, f"{distances}"
    most = [stage["highWater"] for stage in MANIFEST["stages"] if "highWater" in stage]
    marks = json.loads(os.environ.get("RESBIN_MARKS", "null"))  # of so few images
    await bench.expect(FIFOS=len(most))
    for queue, mark in enumerate(most if marks is None else marks):
        assert await bench.read("", HIGH_WATER + 4 * queue) == mark, f"queue {queue}"
    await bench.finish(CYCLES_LOW=bench.model.busy_cycles, CYCLES_HIGH=0, STARVED_IN=0, STALLS_OUT=0)


# Levels chosen at run time


@cocotb.test(skip=not MODES, timeout_time=LIMIT + PERIOD * 20 * IMAGE_CYCLES, timeout_unit="ns")
async def levels_are_those_of_the_register(dut):
    """Each number of levels has its own results, latency and interval; two frames add a cycle each."""
    bench = Bench(dut)
    await bench.start()
    number = 0
    for levels in [1, LEVELS, *range(1, LEVELS), LEVELS]:
        await bench.choose(levels)
        await bench.expect(LEVELS=levels_register(levels, levels), STATUS=0)
        before = await bench.read("CYCLES_LOW")
        bench.send(Packet.good(number % IMAGES))
        await bench.drained()
        await bench.expect(CYCLES_LOW=before + timing(levels)["latency"] + 2)
        for index in range(number + 1, number + 12):
            bench.send(Packet.good(index % IMAGES))
        await bench.drained()
        left = [cycle for cycle, step in bench.model.busy if step < 0]
        distances = [after - before for before, after in zip(left[-4:], left[-3:])]
        assert distances == [timing(levels)["interval"]] * 3, f"{levels} levels: {distances}"
        number += 12
        assert bench.model.results == number
    differing = sum(scores(index) != scores(index, 1) for index in range(IMAGES))
    assert differing, "with one level and with all the results are the same: nothing was tested"
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not MODES, timeout_time=LIMIT, timeout_unit="ns")
async def images_inside_keep_their_levels(dut):
    """A new number waits for them, and the next image for it."""
    bench = Bench(dut)
    await bench.start()
    bench.hold_out = True
    bench.send(Packet.good(0))
    bench.send(Packet.good(1 % IMAGES))
    while bench.model.taken == 0 and not bench.model.flight:
        await RisingEdge(dut.aclk)
    await bench.choose(1)
    # Into the first image only; the second one has not begun.
    await bench.expect(LEVELS=levels_register(1, LEVELS), STATUS=BUSY | SWITCHING)
    await ClockCycles(dut.aclk, LATENCY + 2 * BEATS)
    assert len(bench.model.flight) == 1, "an image has begun before the levels were changed"
    await bench.expect(LEVELS=levels_register(1, LEVELS), STATUS=BUSY | SWITCHING)
    # The last choice before an image begins counts.
    await bench.choose(LEVELS)
    await bench.expect(LEVELS=levels_register(LEVELS, LEVELS), STATUS=BUSY)
    await bench.choose(1)
    bench.hold_out = False
    await bench.drained()
    await bench.expect(LEVELS=levels_register(1, 1))
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not MODES, timeout_time=LIMIT, timeout_unit="ns")
async def numbers_of_levels_that_are_not_there_change_nothing(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.choose(1)
    for bad in [0, LEVELS + 1, 16, 128, 255]:
        await bench.write("LEVELS", bad)
        bench.model.bad_accesses += 1
        await bench.expect(ERRORS=BAD_LEVELS, LEVELS=levels_register(1, 1), IRQ_STATUS=ERROR_IRQ)
        await bench.write("ERRORS", BAD_LEVELS)
        await bench.write("IRQ_STATUS", ERROR_IRQ)
    # Without the lowest byte nothing is written; what stands above it is not looked at.
    await bench.write_bytes(OFFSETS["LEVELS"] + 1, bytes([255] * 3))
    await bench.expect(ERRORS=0, LEVELS=levels_register(1, 1))
    await bench.write("LEVELS", LEVELS | 0xABCDEF00)
    bench.allowed = {LEVELS}
    bench.send(Packet.good(0))
    await bench.finish(ERRORS=0)


async def levels_at_random(dut, seed):
    """Changes at any time, pauses everywhere, a reset now and then, packets of wrong lengths."""
    bench = Bench(dut, seed)
    await bench.start()
    bench.pause_bus(0.3)
    rng = bench.rng
    used = set()
    for _ in range(40):
        bench.pause_in, bench.pause_out = rng.choice([0, 0.1, 0.5]), rng.choice([0, 0.1, 0.7])
        for _ in range(rng.randint(1, 3)):
            index = rng.randrange(IMAGES)
            kind = rng.randrange(8)
            bench.send(
                Packet.long(index, rng.randint(1, 5), rng) if kind == 0
                else Packet.zeros_cut(index) if kind == 1 else Packet.good(index))
        for _ in range(rng.randint(1, 3)):
            await ClockCycles(dut.aclk, rng.randint(1, LATENCY))
            levels = rng.randint(1, LEVELS)
            used.add(levels)
            await bench.choose(levels)
        if rng.randrange(8) == 0:
            await bench.reset()
        if rng.randrange(3) == 0:
            await bench.drained()
    assert used == set(range(1, LEVELS + 1))
    await bench.finish()
    assert bench.model.results > 20, f"{bench.model.results} results were compared"
    dut._log.info("seed %d: %d results compared", seed, bench.model.results)


if MODES:
    mix = TestFactory(levels_at_random)
    mix.add_option("seed", range(SEED, SEED + SEEDS))
    mix.generate_tests()


# Memories written at run time


def checksum(words):
    return zlib.crc32(b"".join(word.to_bytes(4, "little") for word in words))


def other_words():
    """What stands in the memories with the other model."""
    words = [int.from_bytes(OTHER_IMAGE[at:at + 4], "little") for at in range(0, len(OTHER_IMAGE), 4)]
    header, words = words[:10], words[10:]
    number = MANIFEST["accelerator"]["hash"]
    assert header[:2] == [0x50425352, 1], "no parameter image"
    assert header[2:6] == [int(number[8 * n:8 * n + 8], 16) for n in range(4)]
    assert header[6] == len(words) == LOAD_WORDS
    assert header[7] == checksum(words)
    return words


@cocotb.test(skip=bool(LOAD_WORDS), timeout_time=LIMIT, timeout_unit="ns")
async def memories_that_cannot_be_written_never_open(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.expect(LOAD_WORDS=0, LOAD_ADDRESS=0, LOAD_DATA=0, LOAD_CRC=0, ERRORS=0)
    await bench.write("CONTROL", ENABLE | LOAD)
    await bench.expect(CONTROL=ENABLE, STATUS=0)
    for name in ["LOAD_WORDS", "LOAD_ADDRESS", "LOAD_DATA", "LOAD_CRC"]:
        await bench.write(name, 0xFFFFFFFF)
        bench.model.bad_accesses += 1
        await bench.expect(**{name: 0, "ERRORS": READ_ONLY_ERROR, "STATUS": ERROR})
        await bench.write("ERRORS", READ_ONLY_ERROR)
    bench.send(Packet.good(0))
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not RELOAD, timeout_time=LOAD_LIMIT, timeout_unit="ns")
async def another_model_is_loaded_and_the_first_one_again(dut):
    bench = Bench(dut, SEED)
    await bench.start()
    await bench.expect(LOAD_WORDS=LOAD_WORDS, LOAD_ADDRESS=0, LOAD_CRC=0)
    await bench.open()
    first, other = await bench.words(), other_words()
    assert first != other and SCORES != OTHER_SCORES, "they are the same: nothing was tested"
    assert await bench.check() == checksum(first)
    await bench.close()
    count = min(IMAGES, 10)
    for words in [None, other, first]:
        if words:
            await bench.load(words, words is other)
            await bench.open()
            assert await bench.words() == words
            await bench.close()
        for index in range(count):
            bench.send(Packet.good(index))
        await bench.drained()
    assert bench.model.results == 3 * count
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not RELOAD, timeout_time=LOAD_LIMIT, timeout_unit="ns")
async def images_inside_keep_their_model(dut):
    """The memories wait for them, and the next image for the memories."""
    bench = Bench(dut, SEED)
    await bench.start()
    await bench.open()
    first = await bench.words()
    await bench.close()
    for words in [other_words(), first]:
        bench.hold_out = True
        for index in range(6):
            bench.send(Packet.good(index % IMAGES))
        while bench.model.taken == 0 and not bench.model.flight:
            await RisingEdge(dut.aclk)
        await bench.write("CONTROL", ENABLE | LOAD)
        await ClockCycles(dut.aclk, LATENCY + 2 * BEATS)
        begun = bench.model.images_in + (bench.model.taken != 0)
        assert len(bench.model.flight) + bench.model.images_out == begun < bench.model.images_out + 6
        await bench.expect(CONTROL=ENABLE | LOAD, STATUS=BUSY)
        assert await bench.read("LOAD_DATA") == 0
        bench.model.bad_accesses += 1
        await bench.expect(ERRORS=BAD_LOAD)
        await bench.write("ERRORS", BAD_LOAD)
        bench.hold_out = False
        await bench.until("STATUS", LOADING, LOADING)
        await bench.expect(IMAGES_OUT=begun, STATUS=LOADING)
        bench.pause_out = bench.pause_in = 0.2
        await bench.load(words, words is not first)
        await bench.drained()
    assert bench.model.results == 12
    # Asked for, and not wanted any more before it opens: nothing has happened.
    bench.hold_out = True
    bench.send(Packet.good(0))
    while not bench.model.flight:
        await RisingEdge(dut.aclk)
    await bench.write("CONTROL", ENABLE | LOAD)
    await bench.write("CONTROL", ENABLE)
    await bench.expect(CONTROL=ENABLE, STATUS=BUSY)
    bench.hold_out = False
    bench.send(Packet.good(1 % IMAGES))
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not LOAD_WORDS, timeout_time=LOAD_LIMIT, timeout_unit="ns")
async def refused_accesses_of_memories_change_nothing(dut):
    bench = Bench(dut, SEED)
    await bench.start()

    async def refused(access, **registers):
        await access
        bench.model.bad_accesses += 1
        await bench.expect(ERRORS=BAD_LOAD, BAD_ACCESSES=bench.model.bad_accesses, **registers)
        await bench.write("ERRORS", BAD_LOAD)

    async def reads_zero():
        assert await bench.read("LOAD_DATA") == 0

    await bench.open()
    right = checksum(await bench.words())
    assert await bench.check() == right
    await bench.close()
    # Closed.
    await bench.write("LOAD_ADDRESS", 0)
    await refused(bench.write("LOAD_DATA", 0xFFFFFFFF), LOAD_ADDRESS=0)
    await refused(bench.write("LOAD_DATA", 0), LOAD_ADDRESS=0)
    await refused(reads_zero(), LOAD_ADDRESS=0)
    await refused(bench.write("LOAD_CRC", 0), LOAD_ADDRESS=0, LOAD_CRC=right)
    await refused(bench.write_bytes(OFFSETS["LOAD_DATA"], bytes(1)), LOAD_ADDRESS=0)
    await bench.write("LOAD_ADDRESS", 1)
    await bench.expect(LOAD_ADDRESS=1)
    await bench.open()
    assert await bench.check() == right
    # Beyond the last word.
    for address in [LOAD_WORDS, LOAD_WORDS + 1, 1 << 29, (1 << 30) - 1, 1 << 30, (1 << 32) - 1]:
        await bench.write("LOAD_ADDRESS", address)
        await refused(bench.write("LOAD_DATA", 0xFFFFFFFF), LOAD_ADDRESS=address)
        await refused(reads_zero(), LOAD_ADDRESS=address)
    # While a check goes on.
    for access in [
            lambda: bench.write("LOAD_DATA", 0xFFFFFFFF), reads_zero,
            lambda: bench.write("LOAD_ADDRESS", 0), lambda: bench.write("LOAD_CRC", 0)]:
        await bench.write("LOAD_CRC", 0)
        await refused(access())
        await ClockCycles(dut.aclk, CHECK_CYCLES)
        await bench.expect(STATUS=LOADING, LOAD_CRC=right, LOAD_ADDRESS=LOAD_WORDS)
    # In part: not refused, and nothing.
    await bench.write("LOAD_ADDRESS", 0)
    for name in ["LOAD_ADDRESS", "LOAD_DATA", "LOAD_CRC"]:
        for first, count in [(0, 1), (1, 3), (0, 3), (3, 1), (1, 2)]:
            await bench.write_bytes(OFFSETS[name] + first, bytes([0x5A] * count))
            await bench.expect(LOAD_ADDRESS=0, STATUS=LOADING)
    assert await bench.check() == right
    await bench.close()
    bench.send(Packet.good(0))
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not LOAD_WORDS, timeout_time=LOAD_LIMIT, timeout_unit="ns")
async def a_checksum_finds_bits_that_changed(dut):
    bench = Bench(dut, SEED)
    await bench.start()
    rng = bench.rng
    await bench.open()
    first = await bench.words()
    for places in [1, 1, 1, 2, 3, 8]:
        words = list(first)
        while sum(a != b for a, b in zip(words, first)) < min(places, LOAD_WORDS // 4 + 1):
            word = rng.choice([0, LOAD_WORDS - 1] + [rng.randrange(LOAD_WORDS)] * 4)
            wanted = words[word] ^ 1 << rng.randrange(32)
            got = await bench.change(word, wanted)
            assert got in (words[word], wanted), f"word {word}: {got:#x}, written {wanted:#x}"
            words[word] = got
        got = await bench.check()
        assert got == checksum(words) != checksum(first)
        for word, value in enumerate(first):
            if words[word] != value:
                assert await bench.change(word, value) == value
        assert await bench.check() == checksum(first)
    await bench.close()
    bench.send(Packet.good(0))
    await bench.finish(ERRORS=0)


@cocotb.test(skip=not LOAD_WORDS, timeout_time=LOAD_LIMIT, timeout_unit="ns")
async def resets_and_levels_while_memories_are_open(dut):
    bench = Bench(dut, SEED)
    await bench.start()
    bench.pause_bus(0.3)
    await bench.open()
    right = checksum(await bench.words())
    # A reset of the pipeline, open and with the write that opens or closes.
    await bench.reset(ENABLE | LOAD)
    await bench.expect(CONTROL=ENABLE | LOAD, STATUS=LOADING)
    assert await bench.check() == right
    await bench.reset(ENABLE)
    await bench.expect(CONTROL=ENABLE, STATUS=0)
    bench.send(Packet.good(0))
    await bench.drained()
    bench.hold_out = True
    bench.send(Packet.good(1 % IMAGES))
    while not bench.model.flight:
        await RisingEdge(dut.aclk)
    bench.hold_out = False
    await bench.write("CONTROL", ENABLE | LOAD | RESET)
    await bench.until("STATUS", BUSY | LOADING, LOADING)
    assert await bench.check() == right
    await bench.close()
    await bench.drained()
    # Levels.
    for levels in [*range(1, LEVELS + 1)] if MODES else []:
        await bench.open()
        await bench.choose(levels)
        await bench.expect(LEVELS=levels_register(levels, levels), STATUS=LOADING)
        assert await bench.check() == right
        bench.send(Packet.good(levels % IMAGES))
        await ClockCycles(dut.aclk, 50)
        await bench.close()
        await bench.drained()
        # Both at once, before the image that comes, and after it.
        await bench.open()
        bench.send(Packet.good(0))
        await bench.write("CONTROL", ENABLE)
        await bench.choose(LEVELS + 1 - levels)
        bench.send(Packet.good(1 % IMAGES))
        await bench.drained()
    if MODES:
        await bench.choose(LEVELS)
    # Closing gives a check up; the last result stays.
    await bench.open()
    await bench.write("LOAD_CRC", 0)
    await bench.write("CONTROL", 0)
    await bench.expect(CONTROL=0, STATUS=0, LOAD_CRC=right)
    await bench.write("CONTROL", LOAD)
    await bench.until("STATUS", LOADING, LOADING)
    assert await bench.check() == right
    await bench.write("CONTROL", ENABLE)
    # Images right after that, and a reset right after it.
    for wait in range(8):
        await bench.open()
        bench.send(Packet.good(wait % IMAGES))
        await bench.write("CONTROL", ENABLE)
        await ClockCycles(dut.aclk, wait)
        await bench.reset()
        bench.send(Packet.good(0))
        await bench.drained()
    await bench.finish(ERRORS=0)
    # The reset of all closes.
    await bench.open()
    await bench.write("LOAD_ADDRESS", 1)
    fresh = await bench.reset_all()
    await fresh.expect(CONTROL=ENABLE, STATUS=0, LOAD_ADDRESS=0, LOAD_CRC=0)
    fresh.send(Packet.good(0))
    await fresh.finish(ERRORS=0)


async def models_at_random(dut, seed):
    """Two models in turn at any time, pauses everywhere, resets, levels, refused accesses."""
    bench = Bench(dut, seed)
    await bench.start()
    rng = bench.rng
    await bench.open()
    first, other = await bench.words(), other_words()
    await bench.close()
    bench.pause_bus(rng.choice([0, 0.3]))
    for words in [other, first, other, first]:
        for _ in range(rng.randint(1, 4)):
            bench.pause_in, bench.pause_out = rng.choice([0, 0.1, 0.5]), rng.choice([0, 0.1, 0.7])
            for _ in range(rng.randint(1, 3)):
                index = rng.randrange(IMAGES)
                bench.send(Packet.long(index, 2, rng) if rng.randrange(8) == 0 else Packet.good(index))
            await ClockCycles(dut.aclk, rng.randint(1, LATENCY))
            kind = rng.randrange(6)
            if kind == 0:
                await bench.reset()
            elif kind == 1 and MODES:
                await bench.choose(rng.randint(1, LEVELS))
            elif kind == 2:
                await bench.write("LOAD_DATA", rng.getrandbits(32))
                bench.model.bad_accesses += 1
        await bench.write("CONTROL", ENABLE | LOAD)
        for _ in range(rng.randint(1, 3)):
            bench.send(Packet.good(rng.randrange(IMAGES)))
        await bench.load(words, words is other)
        if rng.randrange(2):
            await bench.drained()
    await bench.finish()
    dut._log.info("seed %d: %d results compared", seed, bench.model.results)


if RELOAD:
    turns = TestFactory(models_at_random)
    turns.add_option("seed", range(SEED, SEED + SEEDS))
    turns.generate_tests()


# Registers


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def registers_say_what_the_design_is(dut):
    bench = Bench(dut)
    await bench.start()
    number = MANIFEST["accelerator"]["hash"]
    codes = {
        stage["parameters"]["LEVELS"] for stage in MANIFEST["stages"]
        if stage["module"] == "rb_residual_encoder"}
    assert LEVELS == max(codes, default=1)
    await bench.expect(
        ID=0x5253424E, VERSION=0x00010002, LEVELS=levels_register(),
        **{f"HASH_{n}": int(number[8 * n:8 * n + 8], 16) for n in range(4)})
    await bench.expect(
        CONTROL=ENABLE, STATUS=0, IRQ_ENABLE=0, IRQ_STATUS=0, ERRORS=0, CYCLES_LOW=0, CYCLES_HIGH=0,
        IN_BEATS=BEATS, IN_BYTES=len(dut.s_axis_tdata) // 8, OUT_BEATS=OUT_BEATS,
        OUT_BYTES=len(dut.m_axis_tdata) // 8, LOAD_WORDS=LOAD_WORDS, LOAD_ADDRESS=0, LOAD_CRC=0)
    for queue in range(await bench.read("FIFOS")):
        assert await bench.read("", 0x100 + 4 * queue) == 0
    await bench.finish(ERRORS=0)


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def the_upper_half_of_cycles_is_latched(dut):
    bench = Bench(dut)
    await bench.start()
    near = (7 << 32) - 1000
    dut.u_control.cycles_q.value = near  # a run of hours, in one write
    bench.hold_out = True
    bench.send(Packet.good(0))
    await ClockCycles(dut.aclk, 300)
    low = await bench.read("CYCLES_LOW")
    await ClockCycles(dut.aclk, 1000)  # the counter passes on
    high = await bench.read("CYCLES_HIGH")
    assert (high, near - (6 << 32) < low) == (6, True), f"{high} {low:#x}"
    low = await bench.read("CYCLES_LOW")
    await bench.expect(CYCLES_HIGH=7)
    assert low < 2000
    bench.hold_out = False
    await bench.finish()


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def bad_accesses_are_counted_and_change_nothing(dut):
    bench = Bench(dut, SEED)
    bench.pause_in = bench.pause_out = 0.2
    await bench.start()
    bench.pause_bus(0.4)
    for index in range(3):
        bench.send(Packet.good(index))
    await bench.write("IRQ_ENABLE", ERROR_IRQ)
    before = await bench.read("ID")
    for name in READ_ONLY:
        await bench.write(name, 0xFFFFFFFF)
        bench.model.bad_accesses += 1
        await bench.expect(ERRORS=READ_ONLY_ERROR)
    assert dut.irq.value == 1
    assert await bench.read("ID") == before
    await bench.write("ERRORS", READ_ONLY_ERROR)
    await bench.write("IRQ_STATUS", ERROR_IRQ)
    await bench.expect(ERRORS=0)
    fifos = await bench.read("FIFOS")
    for offset in [0x084, 0x0FC, 0x100 + 4 * fifos, 0x200, 0x7FC, 0xFFC]:
        assert await bench.read("", offset) == 0
        await bench.expect(ERRORS=UNMAPPED)
        await bench.write_bytes(offset, bytes([255] * 4))
        bench.model.bad_accesses += 2
        await bench.expect(BAD_ACCESSES=bench.model.bad_accesses)
    # A read and a write at once are two.
    for _ in range(20):
        reading = cocotb.start_soon(bench.read("", 0x0F0))
        await ClockCycles(dut.aclk, bench.rng.randint(0, 4))
        await bench.write("HASH_0", 0)
        await reading
        bench.model.bad_accesses += 2
    # Bytes that are not written stay.
    await bench.write("IRQ_ENABLE", DONE_IRQ | ERROR_IRQ)
    await bench.write_bytes(OFFSETS["IRQ_ENABLE"] + 1, bytes(3))
    await bench.expect(IRQ_ENABLE=DONE_IRQ | ERROR_IRQ)
    await bench.write_bytes(OFFSETS["CONTROL"] + 1, bytes(3))
    await bench.expect(CONTROL=ENABLE)
    await bench.write_bytes(OFFSETS["IRQ_ENABLE"], bytes(1))
    await bench.expect(IRQ_ENABLE=0)
    await bench.write_bytes(OFFSETS["ERRORS"] + 1, bytes([255] * 3))
    await bench.expect(ERRORS=READ_ONLY_ERROR | UNMAPPED)
    await bench.write("ERRORS", UNMAPPED)
    await bench.expect(ERRORS=READ_ONLY_ERROR)
    await bench.finish(ERRORS=READ_ONLY_ERROR)
    assert bench.model.results == 3


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def interrupts_are_raised_and_cleared(dut):
    bench = Bench(dut)
    await bench.start()
    interrupt = dut.irq
    bench.send(Packet.good(0))
    await bench.drained()
    await bench.expect(IRQ_STATUS=DONE_IRQ)
    assert interrupt.value == 0
    await bench.write("IRQ_ENABLE", ERROR_IRQ)
    assert interrupt.value == 0
    await bench.write("IRQ_ENABLE", DONE_IRQ)
    assert interrupt.value == 1
    await bench.write("IRQ_STATUS", ERROR_IRQ)
    assert interrupt.value == 1
    await bench.write("IRQ_STATUS", DONE_IRQ)
    assert interrupt.value == 0
    await bench.expect(IRQ_STATUS=0)
    # One that comes while the last is being cleared is not lost.
    bench.send(Packet.good(1))
    bench.send(Packet.good(2))
    for seen in (2, 3):
        await RisingEdge(interrupt)
        while await bench.read("IRQ_STATUS") & DONE_IRQ:
            await bench.write("IRQ_STATUS", DONE_IRQ)
        await bench.expect(IMAGES_OUT=seen)
    await bench.write("IRQ_ENABLE", ERROR_IRQ)
    if BEATS > 1:
        bench.send(Packet.short(3, 1))
        await RisingEdge(interrupt)
        await bench.expect(ERRORS=SHORT)
        await bench.write("IRQ_STATUS", ERROR_IRQ)
        assert interrupt.value == 0
        await bench.write("ERRORS", SHORT)
    bench.send(Packet.long(4, 1, bench.rng))
    await RisingEdge(interrupt)
    await bench.expect(ERRORS=LONG)
    await bench.write("ERRORS", LONG)
    await bench.write("IRQ_STATUS", ERROR_IRQ | DONE_IRQ)
    await bench.finish(ERRORS=0, IRQ_ENABLE=ERROR_IRQ)
    await bench.write("CONTROL", ENABLE | CLEAR)
    await bench.expect(CONTROL=ENABLE, CYCLES_LOW=0, CYCLES_HIGH=0)
    await bench.expect(**dict.fromkeys(Model().counters(), 0))


# Framing


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def wrong_packets_do_not_harm_the_next(dut):
    bench = Bench(dut, SEED)
    bench.pause_in = bench.pause_out = 0.1
    await bench.start()
    good = itertools.cycle(range(min(IMAGES, 16)))
    lengths = sorted({1, 2, BEATS // 2, BEATS - 1} & set(range(1, BEATS)))
    for length in lengths:
        bench.send(Packet.short(next(good), length))
        bench.send(Packet.good(next(good)))
    bench.send(Packet.zeros_cut(next(good)))
    bench.send(Packet.good(next(good)))
    for extra in (1, 2, BEATS, 2 * BEATS, 2 * BEATS + 1):
        bench.send(Packet.long(next(good), extra, bench.rng))
        bench.send(Packet.good(next(good)))
    bench.send(Packet.long(next(good), 1, bench.rng))
    bench.send(Packet.long(next(good), 1, bench.rng))
    bench.send(Packet.zeros_cut(next(good)))
    bench.send(Packet.good(next(good)))
    await bench.finish(ERRORS=(SHORT if BEATS > 1 else 0) | LONG, LONG_IMAGES=7)
    assert bench.model.images_in == bench.model.images_out


# The end, and resets


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def without_enable_it_drains(dut):
    bench = Bench(dut, SEED)
    bench.pause_out = 0.3
    await bench.start()
    for index in range(6):
        bench.send(Packet.good(index))
    while bench.model.images_in < 2 or bench.model.taken != min(3, BEATS - 1):
        await RisingEdge(dut.aclk)
    await bench.write("CONTROL", 0)
    begun = bench.model.images_in + (bench.model.taken != 0)
    await bench.until("STATUS", BUSY, 0)
    assert bench.model.images_in == bench.model.images_out == begun and begun < 6
    assert dut.s_axis_tready.value == 0
    await bench.expect(CONTROL=0, IMAGES_IN=begun, IMAGES_OUT=begun)
    await ClockCycles(dut.aclk, 3000)
    await bench.expect(IMAGES_IN=begun)
    await bench.write("CONTROL", ENABLE)
    await bench.finish(ERRORS=0, IMAGES_OUT=6)


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def reset_with_half_an_image_in(dut):
    bench = Bench(dut, SEED)
    await bench.start()
    # The rest of the packet comes, and is dropped; a source that waits does not hold up the reset.
    for kept in sorted({0, 1, BEATS // 2, BEATS - 1} & set(range(1, BEATS))):
        bench.send(Packet.good(0))
        bench.send(Packet.good(1))
        await bench.until_taken(kept)
        dropped = bench.model.dropped
        await bench.reset()
        assert bench.model.dropped > dropped
        await bench.expect(STATUS=DROPPING, DROPPED_IMAGES=bench.model.dropped)
        bench.hold_in = False
        bench.send(Packet.good(2))
        await bench.drained()
        await bench.expect(STATUS=0)
    # The rest never comes; said with the reset, and later.
    for together in (True, False):
        bench.send(Packet.good(3))
        await bench.until_taken(BEATS // 2)
        bench.queue.clear()
        if BEATS > 1:
            await bench.reset(ENABLE | (ABANDON if together else 0))
        if not together and BEATS > 1:
            await bench.expect(STATUS=DROPPING)
            await bench.write("CONTROL", ENABLE | ABANDON)
        await bench.expect(STATUS=0)
        bench.hold_in = False
        bench.send(Packet.good(4))
        await bench.drained()
    # Between two packets there is nothing to drop.
    before = bench.model.dropped
    await bench.reset()
    await bench.expect(STATUS=0, DROPPED_IMAGES=before)
    # The rest of a packet that is too long.
    bench.send(Packet.long(5, 5, bench.rng))
    await bench.until_taken(3)
    await bench.reset()
    await bench.expect(STATUS=ERROR | DROPPING)
    bench.hold_in = False
    bench.send(Packet.good(6))
    await bench.drained()
    # ABANDON without anything to abandon is nothing.
    await bench.write("CONTROL", ENABLE | ABANDON)
    bench.send(Packet.good(7))
    await bench.finish()


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def reset_with_a_result_on_its_way(dut):
    bench = Bench(dut, SEED)
    await bench.start()
    beats = {0, min(1, OUT_BEATS - 1), OUT_BEATS // 2, OUT_BEATS - 1}
    for index, sent in enumerate(sorted(beats)):
        bench.hold_out = False
        bench.send(Packet.good(index))
        bench.send(Packet.good(index + 1))
        await RisingEdge(dut.m_axis_tvalid)
        while len(bench.sent) < sent:
            await RisingEdge(dut.aclk)
        bench.hold_out = True
        while dut.m_axis_tready.value or not dut.m_axis_tvalid.value:
            await RisingEdge(dut.aclk)
        await ClockCycles(dut.aclk, 3)
        whole = bool(dut.m_axis_tlast.value)
        out = bench.model.images_out
        await bench.write("CONTROL", ENABLE | RESET)
        await ClockCycles(dut.aclk, 50)
        # Where results leave before the next image has come in, its rest is dropped.
        status = BUSY | (DROPPING if bench.model.dropping else 0)
        await bench.expect(CONTROL=ENABLE | RESET, STATUS=status)
        assert dut.m_axis_tvalid.value, "the packet is not completed"
        bench.hold_out = False
        await bench.until("CONTROL", RESET, 0)
        assert bench.model.images_out == out + whole
        bench.send(Packet.good(index + 2))
        await bench.drained()
        await bench.expect(STATUS=0, DROPPED_IMAGES=bench.model.dropped, IMAGES_OUT=out + whole + 1)
    await bench.finish(ERRORS=0)


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def aresetn_clears_everything(dut):
    bench = Bench(dut, SEED)
    await bench.start()
    bench.pause_out = 0.5
    for index in range(4):
        bench.send(Packet.good(index))
    await bench.write("IRQ_ENABLE", DONE_IRQ)
    await bench.write("CONTROL", 0)
    await bench.write("CONTROL", ENABLE)
    await bench.write("ID", 0)
    while not dut.m_axis_tvalid.value:
        await ClockCycles(dut.aclk, 10)
    fresh = await bench.reset_all()
    await fresh.expect(CONTROL=ENABLE, IRQ_ENABLE=0, IRQ_STATUS=0, ERRORS=0, CYCLES_LOW=0)
    fresh.send(Packet.good(5))
    await fresh.finish(ERRORS=0, IMAGES_OUT=1)


@cocotb.test(timeout_time=LIMIT, timeout_unit="ns")
async def no_output_follows_an_input_within_a_cycle(dut):
    """All but s_axis_tready, which may follow m_axis_tready through the pipeline."""
    bench = Bench(dut, SEED)
    await bench.start()
    bench.pause_in = bench.pause_out = 0.3
    inputs = [
        dut.s_axil_awvalid, dut.s_axil_wvalid, dut.s_axil_bready, dut.s_axil_arvalid,
        dut.s_axil_rready, dut.s_axis_tvalid, dut.s_axis_tlast, dut.m_axis_tready]
    outputs = [
        dut.s_axil_awready, dut.s_axil_wready, dut.s_axil_bvalid, dut.s_axil_arready,
        dut.s_axil_rvalid, dut.s_axil_rdata, dut.m_axis_tvalid, dut.m_axis_tdata, dut.m_axis_tlast,
        dut.irq]
    for index in range(4):
        bench.send(Packet.good(index))
    await bench.write("IRQ_ENABLE", DONE_IRQ)
    traffic = cocotb.start_soon(random_registers(bench, 200))
    for _ in range(600):
        await ClockCycles(dut.aclk, bench.rng.randint(1, 8))
        await Timer(2, "ns")
        values = [signal.value for signal in inputs]
        before = [int(signal.value) for signal in outputs]
        for signal in inputs:
            signal.value = bench.rng.getrandbits(1)
        await Timer(1, "ns")
        await ReadOnly()
        after = [int(signal.value) for signal in outputs]
        await Timer(1, "ns")
        for signal, value in zip(inputs, values):
            signal.value = value
        for signal, a, b in zip(outputs, before, after):
            assert a == b, f"{signal._name} follows an input"
    await traffic
    await bench.finish()


# Everything at once


async def random_registers(bench, count):
    """Reads and writes that change nothing of what is computed."""
    rng = bench.rng
    for _ in range(count):
        await ClockCycles(bench.dut.aclk, rng.choice([1, 1, 3, 20]))
        kind = rng.randrange(6)
        if kind == 0:
            await bench.write(rng.choice(READ_ONLY + CLOSED), rng.getrandbits(32))
            bench.model.bad_accesses += 1
        elif kind == 1:
            await bench.read("", rng.choice([0x084, 0x0FC, 0x300, 0xFF0]))
            bench.model.bad_accesses += 1
        elif kind == 2:
            await bench.write_bytes(rng.choice([0x088, 0xFFC]), rng.randbytes(4))
            bench.model.bad_accesses += 1
        elif kind == 3:
            await bench.write(rng.choice(["IRQ_ENABLE", "IRQ_STATUS", "ERRORS"]), rng.getrandbits(4))
        else:
            name = rng.choice(sorted(OFFSETS))
            await bench.read(name)
            bench.model.bad_accesses += name == "LOAD_DATA" and LOAD_WORDS > 0


async def random_mix(dut, seed):
    await with_timeout(cocotb.start_soon(mixed(dut, seed)), LIMIT, "ns")


async def mixed(dut, seed):
    """Packets of all kinds, pauses, register traffic, ENABLE and resets at any time."""
    bench = Bench(dut, seed)
    rng = bench.rng
    dut._log.info("seed %d", seed)
    await bench.start()
    bench.pause_bus(rng.choice([0, 0.3, 0.7]))
    stop = False

    async def moods():
        while not stop:
            bench.pause_in = rng.choice([0, 0, 0.2, 0.9])
            bench.pause_out = rng.choice([0, 0, 0.2, 0.9])
            bench.hold_in = rng.random() < 0.1
            bench.hold_out = rng.random() < 0.2
            await ClockCycles(dut.aclk, rng.randint(1, 4 * BEATS))
        bench.pause_in = bench.pause_out = 0
        bench.hold_in = bench.hold_out = False

    async def traffic():
        while not stop:
            await random_registers(bench, 5)

    tasks = [cocotb.start_soon(moods()), cocotb.start_soon(traffic())]
    for _ in range(rng.randint(3, 6)):
        for _ in range(rng.randint(1, 8)):
            index = rng.randrange(IMAGES)
            kind = rng.randrange(8)
            if kind == 0 and BEATS > 1:
                bench.send(Packet.short(index, rng.randint(1, BEATS - 1)))
            elif kind == 1 and BEATS > 1:
                bench.send(Packet.zeros_cut(index))
            elif kind == 2:
                bench.send(Packet.long(index, rng.randint(1, BEATS), rng))
            else:
                bench.send(Packet.good(index))
        await ClockCycles(dut.aclk, rng.randint(1, 2 * MANIFEST["timing"]["latency"]))
        kind = rng.randrange(5)
        if kind == 0:
            await bench.write("CONTROL", 0)
            await ClockCycles(dut.aclk, rng.randint(1, 3000))
            await bench.write("CONTROL", ENABLE)
        elif kind <= 2:
            await bench.write("CONTROL", ENABLE | RESET)
            if kind == 2:
                await bench.until("CONTROL", RESET, 0)
        elif kind == 3:
            # The source falls silent in the midst of a packet and forgets it.
            tasks[0].kill()
            bench.hold_in, bench.hold_out, bench.pause_in, bench.pause_out = True, False, 0, 0
            while bench.offered:
                await RisingEdge(dut.aclk)
            if bench.model.taken or bench.model.dropping:
                while not bench.queue.popleft()[1]:
                    pass
            await bench.reset(ENABLE | ABANDON)
            bench.hold_in = False
            tasks[0] = cocotb.start_soon(moods())
    stop = True
    await tasks[0].join()
    await tasks[1].join()
    await bench.until("CONTROL", RESET, 0)
    bench.send(Packet.good(seed % IMAGES))
    await bench.finish()
    dut._log.info(
        "seed %d: %d images in, %d out, %d results compared, %d short, %d long, %d dropped", seed,
        bench.model.images_in, bench.model.images_out, bench.model.results, bench.model.short,
        bench.model.long, bench.model.dropped)


factory = TestFactory(random_mix)
factory.add_option("seed", range(SEED, SEED + SEEDS))
factory.generate_tests()
