// SPDX-License-Identifier: Apache-2.0
//
// See harness.h. The DMA is written from PG021 (direct register mode). What it shares with the core:
// the registers, Halted and Idle, lengths and TLAST, errors, a reset of one channel that resets both,
// and a few beats that its S2MM channel takes before it is told where to put them.

#include "harness.h"

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

namespace {

// ---- Ports of any width ---------------------------------------------------------------------

template <typename Port>
void set_bytes(Port &port, const uint8_t *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) value |= uint64_t(bytes[i]) << 8 * i;
  port = static_cast<Port>(value);
}
template <std::size_t Words>
void set_bytes(VlWide<Words> &port, const uint8_t *bytes, size_t count) {
  for (size_t word = 0; word < Words; word++) port[word] = 0;
  for (size_t i = 0; i < count; i++) port[i / 4] |= uint32_t(bytes[i]) << 8 * (i % 4);
}
template <typename Port>
void get_bytes(const Port &port, uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = uint8_t(uint64_t(port) >> 8 * i);
}
template <std::size_t Words>
void get_bytes(const VlWide<Words> &port, uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = uint8_t(port[i / 4] >> 8 * (i % 4));
}

// ---- State ----------------------------------------------------------------------------------

constexpr size_t IN_BYTES = HARNESS_IN_BYTES;
constexpr size_t OUT_BYTES = HARNESS_OUT_BYTES;
constexpr uint32_t MM2S = 0, S2MM = 1;
constexpr uint32_t HALTED = 1, IDLE = 2, INTERNAL = 0x10, DECODE = 0x40, IOC = 0x1000, ERROR = 0x4000;
constexpr size_t LEAK = 4;           // beats that S2MM takes without a transfer
constexpr uint32_t ALIGNMENT = 8;    // bytes, of the memory side
constexpr uint32_t RESET_CYCLES = 24;

struct Channel {
  uint32_t control, status, address, length;
  bool active;
  uint32_t done;  // bytes
};

struct Beat {
  uint8_t bytes[OUT_BYTES];
  bool last;
};

struct World {
  std::unique_ptr<VerilatedContext> context;
  std::unique_ptr<Vtop> top;
  std::vector<uint8_t> memory;
  Channel channel[2];
  uint32_t reset_cycles = 0;
  std::deque<Beat> leaked;  // taken by S2MM, not yet in memory
  uint64_t random = 1;
  bool pauses = false;
  uint32_t source_pause = 0, sink_pause = 0;
  int64_t source_limit = -1, sink_limit = -1;
  uint32_t cycles = 0;
  bool held = false;  // m_axis_tvalid without tready in the last cycle
  Beat held_beat;
  std::string fault;
};

std::unique_ptr<World> world;

void fault(const std::string &text) {
  if (world->fault.empty()) world->fault = text + " in cycle " + std::to_string(world->cycles);
}

uint32_t random_number() {
  uint64_t &x = world->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return uint32_t(x >> 32);
}

// Bursts and pauses of some cycles, now and then longer ones.
bool moves(uint32_t &pause) {
  if (!world->pauses) return true;
  if (pause > 0) {
    pause--;
    return false;
  }
  uint32_t number = random_number();
  if (number % 4 == 0) pause = number % 64 == 0 ? 100 + number / 64 % 400 : number / 64 % 8;
  return true;
}

// ---- The DMA --------------------------------------------------------------------------------

void stop_with(Channel &channel, uint32_t error) {
  channel.status |= error | HALTED | ERROR;
  channel.status &= ~IDLE;
  channel.control &= ~1u;
  channel.active = false;
}

void complete(Channel &channel) {
  channel.active = false;
  channel.status |= IDLE | IOC;
  if ((channel.control & 1) == 0) channel.status |= HALTED;
}

bool in_memory(uint32_t address, uint32_t bytes) {
  return address >= HARNESS_MEMORY_BASE && bytes <= HARNESS_MEMORY_BYTES &&
         address - HARNESS_MEMORY_BASE <= HARNESS_MEMORY_BYTES - bytes;
}

void begin(Channel &channel, uint32_t length) {
  if ((channel.control & 1) == 0 || (channel.status & HALTED) != 0 || length == 0) return;
  if (channel.active) fault("DMA: LENGTH was written during a transfer");
  if (channel.address % ALIGNMENT != 0) fault("DMA: address is not aligned");
  if (length >= 1u << 26) fault("DMA: LENGTH has more than 26 bits");
  channel.length = length;
  channel.done = 0;
  channel.status &= ~IDLE;
  channel.active = true;
  if (!in_memory(channel.address, length)) stop_with(channel, DECODE);
}

void end_reset() {
  for (Channel &channel : world->channel) channel = Channel{0, HALTED, 0, 0, false, 0};
  world->leaked.clear();
}

// Puts beats that were taken into memory: the converter before the channel gathers bytes.
void store() {
  Channel &channel = world->channel[S2MM];
  while (channel.active && !world->leaked.empty()) {
    Beat beat = world->leaked.front();
    world->leaked.pop_front();
    if (channel.done + OUT_BYTES > channel.length) {
      stop_with(channel, INTERNAL);
      return;
    }
    std::memcpy(&world->memory[channel.address - HARNESS_MEMORY_BASE + channel.done], beat.bytes, OUT_BYTES);
    channel.done += OUT_BYTES;
    if (beat.last) {
      channel.length = channel.done;
      complete(channel);
    } else if (channel.done == channel.length) {
      stop_with(channel, INTERNAL);  // the buffer is full, and the packet goes on
    }
  }
}

// ---- A cycle --------------------------------------------------------------------------------

void tick() {
  World &w = *world;
  Vtop &top = *w.top;
  Channel &source = w.channel[MM2S];

  // What the DMA offers holds until it is taken, unless the DMA is reset. The last beat of an image
  // may be partly outside of it: those bytes are nobody's.
  bool offers = top.s_axis_tvalid;
  if (!source.active || w.reset_cycles > 0) offers = false;
  else if (!offers) offers = w.source_limit != 0 && moves(w.source_pause);
  if (offers) {
    size_t count = std::min<size_t>(IN_BYTES, source.length - source.done);
    set_bytes(top.s_axis_tdata, &w.memory[source.address - HARNESS_MEMORY_BASE + source.done], count);
    top.s_axis_tlast = source.done + count == source.length;
  } else {
    uint8_t noise[IN_BYTES];
    for (uint8_t &byte : noise) byte = uint8_t(random_number());
    set_bytes(top.s_axis_tdata, noise, IN_BYTES);
    top.s_axis_tlast = random_number() & 1;
  }
  top.s_axis_tvalid = offers;
  top.m_axis_tready = w.reset_cycles == 0 && w.leaked.size() < LEAK && w.sink_limit != 0 &&
                      (w.channel[S2MM].status & (INTERNAL | DECODE)) == 0 && moves(w.sink_pause);

  top.aclk = 0;
  top.eval();

  bool sent = top.s_axis_tvalid && top.s_axis_tready;
  Beat beat;
  get_bytes(top.m_axis_tdata, beat.bytes, OUT_BYTES);
  beat.last = top.m_axis_tlast;
  if (w.held) {
    if (!top.m_axis_tvalid) fault("m_axis_tvalid fell without a transfer");
    else if (beat.last != w.held_beat.last || std::memcmp(beat.bytes, w.held_beat.bytes, OUT_BYTES) != 0)
      fault("m_axis changed without a transfer");
  }
  bool taken = top.m_axis_tvalid && top.m_axis_tready;
  w.held = top.m_axis_tvalid && !top.m_axis_tready && top.aresetn;
  w.held_beat = beat;

  top.aclk = 1;
  top.eval();
  w.cycles++;

  if (sent) {
    if (w.source_limit > 0) w.source_limit--;
    source.done += uint32_t(std::min<size_t>(IN_BYTES, source.length - source.done));
    if (source.done == source.length) complete(source);
    top.s_axis_tvalid = 0;
  }
  if (taken) {
    if (w.sink_limit > 0) w.sink_limit--;
    w.leaked.push_back(beat);
  }
  store();
  if (w.reset_cycles > 0 && --w.reset_cycles == 0) end_reset();
}

}  // namespace

// ---- Entry points ---------------------------------------------------------------------------

void harness_open(uint32_t seed) {
  world = std::make_unique<World>();
  World &w = *world;
  w.random = 0x9E3779B97F4A7C15u ^ (uint64_t(seed) << 20);
  w.pauses = seed != 0;
  w.memory.assign(HARNESS_MEMORY_BYTES, 0xAA);
  w.context = std::make_unique<VerilatedContext>();
  // Registers without a reset begin with noise.
  w.context->randReset(2);
  w.context->randSeed(int(seed % 1000000) + 1);
  w.top = std::make_unique<Vtop>(w.context.get());
  end_reset();
  w.top->aresetn = 0;
  w.top->s_axis_tvalid = 0;
  w.top->s_axil_awvalid = 0;
  w.top->s_axil_wvalid = 0;
  w.top->s_axil_arvalid = 0;
  w.top->s_axil_bready = 0;
  w.top->s_axil_rready = 0;
  w.top->s_axil_awprot = 0;
  w.top->s_axil_arprot = 0;
  harness_step(16);
  w.held = false;
  w.top->aresetn = 1;
  harness_step(4);
}

uint32_t harness_read(uint32_t offset) {
  Vtop &top = *world->top;
  top.s_axil_araddr = offset & 0xFFF;
  top.s_axil_arvalid = 1;
  for (uint32_t waited = 0;; waited++) {
    top.aclk = 0;
    top.eval();
    bool ready = top.s_axil_arready;
    tick();
    if (ready) break;
    if (waited > 10000) {
      fault("s_axil_arready does not come");
      break;
    }
  }
  top.s_axil_arvalid = 0;
  if (world->pauses) harness_step(random_number() % 3);
  for (uint32_t waited = 0;; waited++) {
    top.s_axil_rready = 1;
    top.aclk = 0;
    top.eval();
    bool valid = top.s_axil_rvalid;
    uint32_t value = top.s_axil_rdata;
    if (valid && top.s_axil_rresp != 0) fault("a read was not answered OKAY");
    tick();
    if (valid || waited > 10000) {
      if (!valid) fault("s_axil_rvalid does not come");
      top.s_axil_rready = 0;
      return value;
    }
  }
}

void harness_write(uint32_t offset, uint32_t value) {
  Vtop &top = *world->top;
  // Address and data come in any order.
  uint32_t order = world->pauses ? random_number() % 3 : 0;
  uint32_t later = world->pauses ? random_number() % 4 : 0;
  bool address = false, data = false;
  top.s_axil_awaddr = offset & 0xFFF;
  top.s_axil_wdata = value;
  top.s_axil_wstrb = 0xF;
  for (uint32_t waited = 0; !address || !data; waited++) {
    top.s_axil_awvalid = !address && (order != 1 || waited >= later);
    top.s_axil_wvalid = !data && (order != 2 || waited >= later);
    top.aclk = 0;
    top.eval();
    bool address_taken = top.s_axil_awvalid && top.s_axil_awready;
    bool data_taken = top.s_axil_wvalid && top.s_axil_wready;
    tick();
    address = address || address_taken;
    data = data || data_taken;
    if (waited > 10000) {
      fault("s_axil does not take a write");
      break;
    }
  }
  top.s_axil_awvalid = 0;
  top.s_axil_wvalid = 0;
  if (world->pauses) harness_step(random_number() % 3);
  for (uint32_t waited = 0;; waited++) {
    top.s_axil_bready = 1;
    top.aclk = 0;
    top.eval();
    bool valid = top.s_axil_bvalid;
    if (valid && top.s_axil_bresp != 0) fault("a write was not answered OKAY");
    tick();
    if (valid || waited > 10000) {
      if (!valid) fault("s_axil_bvalid does not come");
      top.s_axil_bready = 0;
      return;
    }
  }
}

uint32_t harness_dma_read(uint32_t offset) {
  harness_step(6);
  Channel &channel = world->channel[offset >= 0x30 ? S2MM : MM2S];
  switch (offset >= 0x30 ? offset - 0x30 : offset) {
    case 0x00: return channel.control | (world->reset_cycles > 0 ? 4 : 0);
    case 0x04: return channel.status;
    case 0x18: return channel.address;
    case 0x28: return channel.length;
    default: fault("DMA: there is no register " + std::to_string(offset)); return 0;
  }
}

void harness_dma_write(uint32_t offset, uint32_t value) {
  harness_step(6);
  Channel &channel = world->channel[offset >= 0x30 ? S2MM : MM2S];
  switch (offset >= 0x30 ? offset - 0x30 : offset) {
    case 0x00:
      if (value & 4) {
        world->reset_cycles = RESET_CYCLES;
        break;
      }
      if (world->reset_cycles > 0) fault("DMA: written during its reset");
      channel.control = value & 0x5001;
      if (value & 1) channel.status &= ~HALTED;
      else if (!channel.active) channel.status |= HALTED;
      break;
    case 0x04: channel.status &= ~(value & 0x5000); break;
    case 0x18: channel.address = value; break;
    case 0x28: begin(channel, value); break;
    default: fault("DMA: there is no register " + std::to_string(offset));
  }
}

void harness_step(uint32_t cycles) {
  for (uint32_t i = 0; i < cycles; i++) tick();
}

uint32_t harness_cycles() { return world->cycles; }
int harness_interrupt() { return world->top->irq; }
uint8_t *harness_memory() { return world->memory.data(); }
void harness_limit_source(int64_t beats) { world->source_limit = beats; }
void harness_limit_sink(int64_t beats) { world->sink_limit = beats; }
const char *harness_fault() { return world->fault.empty() ? nullptr : world->fault.c_str(); }
