/* SPDX-License-Identifier: Apache-2.0
 *
 * resbin.c, resbin_dma.c and resbin_uio.c, unchanged, on an accelerator in simulation.
 *
 *   test_driver IMAGES EXPECTED [SEED [REPEATS]]
 *
 * IMAGES and EXPECTED are bytes as they stand on s_axis_tdata and m_axis_tdata.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "resbin_dma.h"
#include "resbin_uio.h"

#include DESIGN_HEADER

static const char *test = "";
static uint32_t seed, checks, failures;

static void check(bool ok, const char *text, int line, long value) {
  checks++;
  if (ok) return;
  failures++;
  printf("FAILED %s, seed %u, line %d: %s (%ld)\n", test, seed, line, text, value);
}
#define CHECK(condition) check(condition, #condition, __LINE__, 0)
#define CHECK_EQUAL(actual, wanted)                                                  \
  do {                                                                               \
    long actual_ = (long)(actual);                                                   \
    check(actual_ == (long)(wanted), #actual " is not " #wanted, __LINE__, actual_); \
  } while (0)

/* ---- The accelerator in simulation --------------------------------------------------------- */

static uint32_t bus_read(void *context, uint32_t offset) { (void)context; return harness_read(offset); }
static void bus_write(void *context, uint32_t offset, uint32_t value) {
  (void)context;
  harness_write(offset, value);
}
static uint32_t dma_read(void *context, uint32_t offset) {
  (void)context;
  return harness_dma_read(offset);
}
static void dma_write(void *context, uint32_t offset, uint32_t value) {
  (void)context;
  harness_dma_write(offset, value);
}
static uint32_t cycles(void *context) { (void)context; return harness_cycles(); }

static const struct resbin_bus device_bus = {bus_read, bus_write, cycles, NULL};
static const struct resbin_bus dma_bus = {dma_read, dma_write, cycles, NULL};

#define TIMEOUT 50000u /* cycles */
static const struct resbin_design *const design = &DESIGN;
static const uint8_t *images, *expected;
static uint8_t *fewer[8]; /* expected with 1, 2 ... levels, where they are chosen */
static uint32_t fewer_count;
static uint32_t count; /* of images */
static struct resbin device;
static struct resbin_dma dma;
static uint32_t image_stride, result_stride, image_at, result_at, scratch_at;

static uint8_t *memory(uint32_t address) { return harness_memory() + (address - HARNESS_MEMORY_BASE); }

static void begin(const char *name) {
  uint32_t index;
  test = name;
  harness_open(seed);
  CHECK_EQUAL(resbin_open(&device, &device_bus, design), RESBIN_OK);
  CHECK_EQUAL(resbin_dma_open(&dma, &dma_bus, TIMEOUT), RESBIN_OK);
  image_stride = resbin_dma_stride(&dma, resbin_image_bytes(design));
  result_stride = resbin_dma_stride(&dma, resbin_result_bytes(design));
  image_at = HARNESS_MEMORY_BASE;
  result_at = image_at + count * image_stride;
  scratch_at = result_at + count * result_stride;
  for (index = 0; index < count; index++) {
    memcpy(memory(image_at + index * image_stride), images + index * resbin_image_bytes(design),
           resbin_image_bytes(design));
  }
}

static void end(void) {
  const char *fault = harness_fault();
  check(fault == NULL, fault != NULL ? fault : "", __LINE__, 0);
}

static bool is_right(uint32_t address, uint32_t index) {
  return memcmp(memory(address), expected + index * resbin_result_bytes(design),
                resbin_result_bytes(design)) == 0;
}

static int run(uint32_t first, uint32_t number, uint32_t timeout) {
  struct resbin_batch batch;
  batch.images = image_at + first * image_stride;
  batch.image_stride = image_stride;
  batch.results = result_at + first * result_stride;
  batch.result_stride = result_stride;
  batch.count = number;
  memset(memory(result_at + first * result_stride), 0x55, (size_t)number * result_stride);
  return resbin_dma_run(&dma, &device, &batch, timeout);
}

static void check_run(uint32_t first, uint32_t number) {
  uint32_t index;
  CHECK_EQUAL(run(first, number, TIMEOUT), RESBIN_OK);
  for (index = first; index < first + number; index++) {
    CHECK(is_right(result_at + index * result_stride, index));
  }
}

static struct resbin_counters counters(void) {
  struct resbin_counters values;
  CHECK_EQUAL(resbin_read_counters(&device, &values), RESBIN_OK);
  return values;
}

static uint32_t random_state = 1;
static uint32_t random_below(uint32_t limit) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 8) % limit;
}

/* ---- Opening ------------------------------------------------------------------------------- */

static uint32_t changed_offset, changed_value;
static uint32_t changed_read(void *context, uint32_t offset) {
  (void)context;
  return offset == changed_offset ? changed_value : harness_read(offset);
}

static void test_open(void) {
  struct resbin other;
  struct resbin_design wrong = *design;
  struct resbin_bus bus = device_bus;
  uint32_t in_use, built, word;
  begin("open");
  CHECK_EQUAL(resbin_levels(&device, &in_use, &built), RESBIN_OK);
  CHECK_EQUAL(built, design->levels);
  CHECK(in_use >= 1 && in_use <= built);
  CHECK(!resbin_is_busy(&device));
  CHECK(!resbin_is_dropping(&device));
  for (word = 0; word < 4; word++) {
    wrong = *design;
    wrong.hash[word] ^= 0x00000001u;
    CHECK_EQUAL(resbin_open(&other, &device_bus, &wrong), RESBIN_E_HASH);
  }
  wrong = *design;
  wrong.input.beats++;
  CHECK_EQUAL(resbin_open(&other, &device_bus, &wrong), RESBIN_E_GEOMETRY);
  wrong = *design;
  wrong.output.beat_bytes++;
  CHECK_EQUAL(resbin_open(&other, &device_bus, &wrong), RESBIN_E_GEOMETRY);
  bus.read = changed_read;
  changed_offset = RESBIN_ID;
  changed_value = 0xFFFFFFFFu;
  CHECK_EQUAL(resbin_open(&other, &bus, design), RESBIN_E_ID);
  changed_offset = RESBIN_VERSION;
  changed_value = 0x00020000u;
  CHECK_EQUAL(resbin_open(&other, &bus, design), RESBIN_E_VERSION);
  changed_value = 0x00010007u; /* a later minor */
  CHECK_EQUAL(resbin_open(&other, &bus, design), RESBIN_OK);
  CHECK_EQUAL(resbin_open(NULL, &device_bus, design), RESBIN_E_ARGUMENT);
  CHECK_EQUAL(resbin_open(&other, &device_bus, NULL), RESBIN_E_ARGUMENT);
  end();
}

/* 64 bits of cycles would take long to count: a register that says so. */
static uint32_t last_offset;
static uint32_t cycles_read(void *context, uint32_t offset) {
  uint32_t value = harness_read(offset);
  (void)context;
  if (offset == RESBIN_CYCLES_LOW) value = 0x89ABCDEFu;
  if (offset == RESBIN_CYCLES_HIGH) value = last_offset == RESBIN_CYCLES_LOW ? 0x01234567u : 0;
  last_offset = offset;
  return value;
}

static void test_cycles(void) {
  struct resbin other;
  struct resbin_bus bus = device_bus;
  struct resbin_counters values;
  begin("cycles");
  bus.read = cycles_read;
  CHECK_EQUAL(resbin_open(&other, &bus, design), RESBIN_OK);
  CHECK_EQUAL(resbin_read_counters(&other, &values), RESBIN_OK);
  CHECK(values.cycles == ((uint64_t)0x01234567u << 32 | 0x89ABCDEFu));
  end();
}

static void test_messages(void) {
  int result;
  test = "messages";
  for (result = RESBIN_E_SYSTEM; result <= RESBIN_OK; result++) {
    CHECK(strcmp(resbin_strerror(result), "unknown result") != 0);
  }
  CHECK(strcmp(resbin_strerror(-99), "unknown result") == 0);
}

/* ---- Images -------------------------------------------------------------------------------- */

static void test_images(void) {
  struct resbin_counters values;
  uint32_t index;
  begin("images");
  check_run(0, count);
  values = counters();
  CHECK_EQUAL(values.images_in, count);
  CHECK_EQUAL(values.images_out, count);
  CHECK(values.cycles > 0 && values.cycles < harness_cycles());
  CHECK_EQUAL(values.short_images + values.long_images + values.dropped_images, 0);
  CHECK_EQUAL(resbin_errors(&device), 0);
  for (index = 0; index < count; index++) {
    size_t number = resbin_result_values(design), value, best = 0;
    int64_t scores[64];
    CHECK(number <= 64);
    CHECK_EQUAL(resbin_unpack_result(design, memory(result_at + index * result_stride),
                                     resbin_result_bytes(design), scores, number),
                RESBIN_OK);
    for (value = 1; value < number; value++) {
      if (scores[value] > scores[best]) best = value;
    }
    CHECK_EQUAL(resbin_class_of(design, memory(result_at + index * result_stride),
                                resbin_result_bytes(design)),
                best);
  }
  CHECK_EQUAL(resbin_clear_counters(&device), RESBIN_OK);
  values = counters();
  CHECK_EQUAL(values.images_in + values.images_out + values.stalls_in, 0);
  CHECK_EQUAL(values.cycles, 0);
  check_run(0, 1);
  end();
}

/* Every number of levels, one after the other, where there is a choice. */
static void test_levels(void) {
  const uint8_t *all = expected;
  uint32_t levels, in_use, built = design->levels;
  begin("levels");
  CHECK_EQUAL(resbin_set_levels(&device, 0), RESBIN_E_LEVELS);
  CHECK_EQUAL(resbin_set_levels(&device, built + 1), RESBIN_E_LEVELS);
  CHECK_EQUAL(resbin_set_levels(&device, built), RESBIN_OK);
  if (fewer_count == 0) {
    if (built > 1) CHECK_EQUAL(resbin_set_levels(&device, 1), RESBIN_E_LEVELS);
    check_run(0, 1);
  } else {
    CHECK_EQUAL(fewer_count + 1, built);
    for (levels = 1; levels <= built; levels++) {
      expected = levels < built ? fewer[levels - 1] : all;
      CHECK_EQUAL(resbin_set_levels(&device, levels), RESBIN_OK);
      check_run(0, count);
      CHECK_EQUAL(resbin_levels(&device, &in_use, NULL), RESBIN_OK);
      CHECK_EQUAL(in_use, levels);
    }
    expected = all;
  }
  CHECK_EQUAL(resbin_errors(&device), 0);
  end();
}

static void test_interrupt(void) {
  begin("interrupt");
  check_run(0, 1);
  CHECK(!harness_interrupt());
  CHECK_EQUAL(resbin_interrupts(&device), RESBIN_IRQ_STATUS_DONE);
  resbin_acknowledge_interrupts(&device, RESBIN_IRQ_STATUS_DONE);
  resbin_enable_interrupts(&device, RESBIN_IRQ_ENABLE_DONE);
  CHECK(!harness_interrupt());
  check_run(1, 1);
  harness_step(4);
  CHECK(harness_interrupt());
  resbin_acknowledge_interrupts(&device, resbin_interrupts(&device));
  CHECK(!harness_interrupt());
  CHECK_EQUAL(resbin_interrupts(&device), 0);
  end();
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* Sends one packet and takes its result. */
static int exchange(uint32_t image, uint32_t bytes, uint32_t result_address) {
  struct resbin_timer timer;
  uint32_t received = 0;
  bool is_received = false;
  int result = resbin_dma_receive(&dma, result_address, (uint32_t)resbin_result_bytes(design));
  if (result == RESBIN_OK) result = resbin_dma_send(&dma, image_at + image * image_stride, bytes);
  resbin_timer_start(&timer, &dma_bus, TIMEOUT);
  while (result == RESBIN_OK && (dma.is_sending || !is_received)) {
    if (resbin_timer_over(&timer, &dma_bus)) return RESBIN_E_TIMEOUT;
    (void)resbin_dma_is_sent(&dma, &result);
    if (result == RESBIN_OK && resbin_dma_is_received(&dma, &received, &result)) is_received = true;
  }
  return result;
}

static void test_framing(void) {
  uint32_t image_bytes = (uint32_t)resbin_image_bytes(design), repeat;
  struct resbin_counters values;
  begin("framing");
  for (repeat = 0; repeat < 4; repeat++) {
    uint32_t beats = 1 + random_below(design->input.beats - 1);
    check_run(0, 2);
    /* Too short, by some beats. */
    CHECK_EQUAL(exchange(2 % count, beats * design->input.beat_bytes, scratch_at), RESBIN_OK);
    CHECK_EQUAL(resbin_errors(&device), RESBIN_ERRORS_SHORT_IMAGE);
    CHECK_EQUAL(counters().last_bad_image, 6 * repeat + 2);
    resbin_clear_errors(&device, RESBIN_ERRORS_SHORT_IMAGE);
    CHECK_EQUAL(resbin_errors(&device), 0);
    check_run(0, 2);
    /* Too long: the image is right nevertheless, what follows is swallowed. */
    CHECK_EQUAL(exchange(0, image_bytes + beats * design->input.beat_bytes, scratch_at), RESBIN_OK);
    CHECK(is_right(scratch_at, 0));
    CHECK_EQUAL(resbin_errors(&device), RESBIN_ERRORS_LONG_IMAGE);
    CHECK_EQUAL(counters().last_bad_image, 6 * repeat + 5);
    resbin_clear_errors(&device, 0xFu);
  }
  check_run(0, 1);
  values = counters();
  CHECK_EQUAL(values.short_images, 4);
  CHECK_EQUAL(values.long_images, 4);
  CHECK_EQUAL(values.images_in, 25);
  CHECK_EQUAL(values.images_out, 25);
  end();
}

static void test_bad_accesses(void) {
  uint32_t beats;
  begin("bad accesses");
  resbin_enable_interrupts(&device, RESBIN_IRQ_ENABLE_ERROR);
  harness_write(RESBIN_ID, 1);
  CHECK_EQUAL(resbin_errors(&device), RESBIN_ERRORS_READ_ONLY);
  CHECK_EQUAL(harness_read(0x0F0), 0);
  CHECK_EQUAL(resbin_errors(&device), RESBIN_ERRORS_READ_ONLY | RESBIN_ERRORS_UNMAPPED);
  CHECK_EQUAL(counters().bad_accesses, 2);
  CHECK(harness_interrupt());
  resbin_clear_errors(&device, RESBIN_ERRORS_READ_ONLY | RESBIN_ERRORS_UNMAPPED);
  resbin_acknowledge_interrupts(&device, RESBIN_IRQ_STATUS_ERROR);
  CHECK_EQUAL(resbin_errors(&device), 0);
  CHECK(!harness_interrupt());
  /* The driver itself makes none. */
  CHECK_EQUAL(resbin_high_water(&device, resbin_queues(&device), &beats), RESBIN_E_ARGUMENT);
  if (resbin_queues(&device) > 0) CHECK_EQUAL(resbin_high_water(&device, 0, &beats), RESBIN_OK);
  CHECK_EQUAL(counters().bad_accesses, 2);
  end();
}

static void test_arguments(void) {
  struct resbin_batch batch = {0, 0, 0, 0, 2};
  begin("arguments");
  batch.images = image_at + 4;
  batch.image_stride = image_stride;
  batch.results = result_at;
  batch.result_stride = result_stride;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_E_ALIGNMENT);
  batch.images = image_at;
  batch.image_stride = image_stride + 8;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_E_ALIGNMENT);
  batch.image_stride = 0;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_E_ARGUMENT);
  batch.image_stride = image_stride;
  batch.results = 0xFFFFFF80u;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_E_ARGUMENT);
  batch.results = result_at;
  dma.longest = (uint32_t)resbin_image_bytes(design) - 1;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_E_TOO_LONG);
  dma.longest = RESBIN_DMA_LONGEST;
  batch.count = 0;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_OK);
  CHECK_EQUAL(counters().images_in, 0);
  dma.alignment = 8; /* as this DMA really has */
  batch.count = 2;
  batch.images = image_at + 8;
  batch.results = result_at;
  CHECK_EQUAL(resbin_dma_run(&dma, &device, &batch, TIMEOUT), RESBIN_OK);
  end();
}

/* ---- Stopping and resetting ------------------------------------------------------------------ */

static void test_drain(void) {
  begin("drain");
  check_run(0, 2);
  CHECK_EQUAL(resbin_drain(&device, TIMEOUT), RESBIN_OK);
  CHECK_EQUAL(counters().images_out, 2);
  /* Stopped: nothing is taken, and the DMA waits with an image. */
  CHECK_EQUAL(run(2, 1, 3000), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(counters().images_in, 2);
  resbin_start(&device);
  CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, TIMEOUT), RESBIN_OK);
  check_run(2, 2);
  /* With an image inside that does not go on: busy. */
  harness_limit_source(1);
  CHECK_EQUAL(run(0, 1, 3000), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(resbin_drain(&device, 3000), RESBIN_E_TIMEOUT);
  CHECK(resbin_is_busy(&device));
  harness_limit_source(-1);
  CHECK_EQUAL(resbin_drain(&device, TIMEOUT), RESBIN_OK);
  end();
}

/* Stops somewhere, aborts, and all is as before. `is_stuck` says that the source or the sink does
 * not come back by itself. */
static void reset_once(bool is_source, bool is_stuck) {
  uint32_t dropped = counters().dropped_images, number = 1 + random_below(count);
  uint32_t beats = is_source ? design->input.beats : design->output.beats;
  int64_t moved = random_below(number * beats);
  if (is_source) harness_limit_source(moved);
  else harness_limit_sink(moved);
  CHECK_EQUAL(run(0, number, 20000), RESBIN_E_TIMEOUT);
  if (!is_stuck || !is_source) {
    harness_limit_source(-1);
    harness_limit_sink(-1);
  }
  CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, 20000), RESBIN_OK);
  harness_limit_source(-1);
  CHECK(!resbin_is_busy(&device));
  CHECK(!resbin_is_dropping(&device));
  CHECK(counters().dropped_images - dropped <= number);
  check_run(0, 1 + random_below(3));
  CHECK_EQUAL(resbin_errors(&device), 0);
}

static void test_reset(uint32_t repeats) {
  uint32_t repeat;
  begin("reset");
  for (repeat = 0; repeat < repeats; repeat++) {
    reset_once(true, false);
    reset_once(true, true);
    reset_once(false, false);
  }
  end();
}

/* Without a DMA's help: who takes nothing gets a timeout, and an abandoned packet is one. */
static void test_plain_reset(void) {
  int64_t some = 1 + random_below(design->input.beats - 1);
  begin("plain reset");
  harness_limit_source(some);
  CHECK_EQUAL(run(0, 1, 3000), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(resbin_reset(&device, RESBIN_RESET_DROP, TIMEOUT), RESBIN_OK);
  CHECK(resbin_is_dropping(&device));
  CHECK_EQUAL(counters().dropped_images, 1);
  CHECK_EQUAL(resbin_dma_open(&dma, &dma_bus, TIMEOUT), RESBIN_OK);
  CHECK_EQUAL(resbin_abandon(&device), RESBIN_OK);
  CHECK(!resbin_is_dropping(&device));
  harness_limit_source(-1);
  check_run(0, 2);
  /* A result of which a beat left, and a sink that has gone. */
  harness_limit_sink(1);
  CHECK_EQUAL(run(0, 1, 20000), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(resbin_reset(&device, RESBIN_RESET_DROP, 3000), RESBIN_E_TIMEOUT);
  CHECK(resbin_is_busy(&device));
  harness_limit_sink(-1);
  CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, TIMEOUT), RESBIN_OK);
  check_run(0, 2);
  end();
}

static void test_dma_errors(void) {
  int result = RESBIN_OK;
  uint32_t bytes = 0;
  begin("DMA errors");
  /* Too small a buffer. */
  if (design->output.beats > 1) {
    CHECK_EQUAL(resbin_dma_receive(&dma, scratch_at, design->output.beat_bytes), RESBIN_OK);
    CHECK_EQUAL(resbin_dma_send(&dma, image_at, (uint32_t)resbin_image_bytes(design)), RESBIN_OK);
    CHECK_EQUAL(resbin_dma_send(&dma, image_at, 8), RESBIN_E_ARGUMENT);
    while (result == RESBIN_OK && !resbin_dma_is_received(&dma, &bytes, &result)) {
    }
    CHECK_EQUAL(result, RESBIN_E_DMA);
    CHECK((dma.error & RESBIN_DMA_STATUS_INTERNAL) != 0);
    CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, 3000), RESBIN_OK);
    check_run(0, 2);
  }
  /* No memory. */
  CHECK_EQUAL(resbin_dma_send(&dma, 0x80000000u, 8), RESBIN_OK);
  CHECK(!resbin_dma_is_sent(&dma, &result));
  CHECK_EQUAL(result, RESBIN_E_DMA);
  CHECK((dma.error & RESBIN_DMA_STATUS_DECODE) != 0);
  CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, 3000), RESBIN_OK);
  check_run(0, 2);
  end();
}

static uint32_t short_read(void *context, uint32_t offset) {
  uint32_t value = harness_dma_read(offset);
  (void)context;
  return offset == RESBIN_DMA_S2MM + RESBIN_DMA_LENGTH ? value - 1 : value;
}

/* A result that is shorter than it should be, and one that leaves before there is a buffer. */
static void test_lengths(void) {
  struct resbin_timer timer;
  uint32_t start;
  int result = RESBIN_OK;
  begin("lengths");
  dma.bus.read = short_read;
  CHECK_EQUAL(run(0, 1, TIMEOUT), RESBIN_E_LENGTH);
  dma.bus.read = dma_read;
  CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, TIMEOUT), RESBIN_OK);
  check_run(0, 1);

  CHECK((harness_dma_read(RESBIN_DMA_STATUS) & RESBIN_DMA_STATUS_IOC_IRQ) != 0);
  harness_limit_source(0);
  CHECK_EQUAL(resbin_dma_send(&dma, image_at, (uint32_t)resbin_image_bytes(design)), RESBIN_OK);
  CHECK_EQUAL(harness_dma_read(RESBIN_DMA_STATUS) & RESBIN_DMA_STATUS_IOC_IRQ, 0);
  harness_limit_source(-1);
  resbin_timer_start(&timer, &dma_bus, TIMEOUT);
  while (!resbin_dma_is_sent(&dma, &result) && !resbin_timer_over(&timer, &dma_bus)) {
  }
  CHECK_EQUAL(result, RESBIN_OK);
  harness_step(TIMEOUT);
  start = harness_cycles();
  CHECK_EQUAL(resbin_dma_abort(&dma, &device, scratch_at, 2 * TIMEOUT), RESBIN_OK);
  CHECK(harness_cycles() - start < TIMEOUT); /* nothing had to be abandoned */
  check_run(0, 2);
  end();
}

static uint32_t scatter_read(void *context, uint32_t offset) {
  (void)context;
  return offset == 0x04 ? 0x00010009u : 0;
}
static uint32_t stuck_read(void *context, uint32_t offset) {
  (void)context;
  return offset % 0x30 == 0 ? RESBIN_DMA_CONTROL_RESET : 0;
}
static void no_write(void *context, uint32_t offset, uint32_t value) {
  (void)context;
  (void)offset;
  (void)value;
}

static void test_other_dmas(void) {
  struct resbin_bus bus = {scatter_read, no_write, NULL, NULL};
  test = "other DMAs";
  CHECK_EQUAL(resbin_dma_open(&dma, &bus, 10), RESBIN_E_SCATTER);
  bus.read = stuck_read; /* without a clock: ten polls */
  CHECK_EQUAL(resbin_dma_open(&dma, &bus, 10), RESBIN_E_TIMEOUT);
}

/* ---- Packing ------------------------------------------------------------------------------- */

static void test_packing(void) {
  struct resbin_design made = *design;
  uint8_t values[6] = {1, 2, 3, 0, 2, 1}, bytes[64], packed[4];
  int64_t wide[4];
  int32_t narrow[4];
  static const struct resbin_stream two_bits = {"codes", 3, 2, 2, 0, 2, 1, {1, 1, 6}};
  test = "packing";
  made.input = two_bits;
  CHECK_EQUAL(resbin_pack_image(&made, values, 6, packed, 2), RESBIN_OK);
  CHECK_EQUAL(packed[0], 1 | 2 << 2 | 3 << 4);
  CHECK_EQUAL(packed[1], 0 | 2 << 2 | 1 << 4);
  CHECK_EQUAL(resbin_pack_image(&made, values, 5, packed, 2), RESBIN_E_ARGUMENT);
  CHECK_EQUAL(resbin_pack_image(&made, values, 6, packed, 1), RESBIN_E_ARGUMENT);
  values[3] = 4;
  CHECK_EQUAL(resbin_pack_image(&made, values, 6, packed, 2), RESBIN_E_RANGE);
  values[3] = 3;
  {
    /* Lanes across bytes: 5 lanes of 3 bits in 2 bytes. */
    static const struct resbin_stream three_bits = {"codes", 5, 3, 3, 0, 1, 2, {1, 1, 5}};
    uint8_t codes[5] = {5, 2, 7, 1, 6};
    int64_t back[5];
    made.input = three_bits;
    made.output = three_bits;
    CHECK_EQUAL(resbin_pack_image(&made, codes, 5, packed, 2), RESBIN_OK);
    CHECK_EQUAL(packed[0] | packed[1] << 8, 5 | 2 << 3 | 7 << 6 | 1 << 9 | 6 << 12);
    CHECK_EQUAL(resbin_unpack_result(&made, packed, 2, back, 5), RESBIN_OK);
    CHECK(back[0] == 5 && back[1] == 2 && back[2] == 7 && back[3] == 1 && back[4] == 6);
  }
  {
    /* Every container, both ends of its range. */
    static const uint32_t containers[4] = {8, 16, 32, 64};
    uint32_t index, bit;
    for (index = 0; index < 4; index++) {
      uint32_t bits = containers[index];
      int64_t least = bits == 64 ? INT64_MIN : -((int64_t)1 << (bits - 1));
      struct resbin_stream scores = {"scores", 2, 0, 0, 1, 2, 0, {1, 1, 4}};
      scores.lane_bits = scores.container_bits = bits;
      scores.beat_bytes = bits / 4;
      made.output = scores;
      memset(bytes, 0, sizeof bytes);
      for (bit = 0; bit < bits / 8; bit++) {
        bytes[bit] = 0xFF;                                                /* -1 */
        bytes[2 * bits / 8 + bit] = bit == bits / 8 - 1 ? 0x7F : 0xFF;    /* the largest */
      }
      bytes[2 * bits / 8 - 1] = 0x80; /* the least */
      CHECK_EQUAL(resbin_unpack_result(&made, bytes, bits / 2, wide, 4), RESBIN_OK);
      CHECK(wide[0] == -1 && wide[1] == least && wide[2] == -(least + 1) && wide[3] == 0);
      CHECK_EQUAL(resbin_unpack_result32(&made, bytes, bits / 2, narrow, 4),
                  bits == 64 ? RESBIN_E_RANGE : RESBIN_OK);
      CHECK_EQUAL(resbin_class_of(&made, bytes, bits / 2), 2);
      CHECK_EQUAL(resbin_class_of(&made, bytes, bits / 2 - 1), RESBIN_E_ARGUMENT);
    }
  }
  {
    /* A network that ends in an index; and equal scores: the first. */
    static const struct resbin_stream index = {"class", 1, 4, 8, 0, 1, 1, {1, 1, 1}};
    static const struct resbin_stream equal = {"scores", 1, 8, 8, 1, 3, 1, {1, 1, 3}};
    made.output = index;
    bytes[0] = 9;
    CHECK_EQUAL(resbin_class_of(&made, bytes, 1), 9);
    made.output = equal;
    bytes[0] = 0x80;
    bytes[1] = bytes[2] = 5;
    CHECK_EQUAL(resbin_class_of(&made, bytes, 3), 1);
  }
  if (design->input.lane_bits == 8) {
    uint8_t *out = malloc(resbin_image_bytes(design));
    CHECK_EQUAL(resbin_pack_image(design, images, resbin_image_values(design), out,
                                  resbin_image_bytes(design)),
                RESBIN_OK);
    CHECK(memcmp(out, images, resbin_image_bytes(design)) == 0);
    free(out);
  }
}

/* ---- UIO: a file stands for the registers, a socket for the interrupt -------------------------- */

static void test_uio(void) {
  char path[] = "resbin-uio-XXXXXX"; /* removed below */
  uint32_t registers[RESBIN_REGISTER_BYTES / 4] = {0}, word, interrupts = 0;
  struct resbin_uio uio;
  struct resbin_bus bus;
  struct resbin mapped;
  int file = mkstemp(path), sockets[2];
  test = "UIO";
  registers[RESBIN_ID / 4] = RESBIN_ID_VALUE;
  registers[RESBIN_VERSION / 4] = 0x00010000u;
  for (word = 0; word < 4; word++) registers[RESBIN_HASH_0 / 4 + word] = design->hash[word];
  registers[RESBIN_IN_BEATS / 4] = design->input.beats;
  registers[RESBIN_IN_BYTES / 4] = design->input.beat_bytes;
  registers[RESBIN_OUT_BEATS / 4] = design->output.beats;
  registers[RESBIN_OUT_BYTES / 4] = design->output.beat_bytes;
  registers[RESBIN_STATUS / 4] = RESBIN_STATUS_BUSY;
  registers[RESBIN_IRQ_STATUS / 4] = RESBIN_IRQ_STATUS_DONE;
  CHECK_EQUAL(write(file, registers, sizeof registers), sizeof registers);
  close(file);

  CHECK_EQUAL(resbin_uio_open(&uio, "/nowhere/uio0", RESBIN_REGISTER_BYTES), RESBIN_E_SYSTEM);
  CHECK_EQUAL(resbin_uio_open(&uio, path, RESBIN_REGISTER_BYTES), RESBIN_OK);
  bus = resbin_uio_bus(&uio);
  CHECK_EQUAL(resbin_open(&mapped, &bus, design), RESBIN_OK);
  CHECK(bus.ticks != NULL);
  if (bus.ticks != NULL) {
    uint32_t now = bus.ticks(bus.context);
    CHECK_EQUAL(resbin_drain(&mapped, 2000), RESBIN_E_TIMEOUT); /* microseconds */
    CHECK(bus.ticks(bus.context) - now >= 2000);
  }
  resbin_start(&mapped);
  CHECK_EQUAL(bus.read(bus.context, RESBIN_CONTROL), RESBIN_CONTROL_ENABLE);

  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  close(uio.file);
  uio.file = sockets[0];
  CHECK_EQUAL(resbin_uio_wait(&uio, &mapped, 10, &interrupts), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(write(sockets[1], &word, sizeof word), sizeof word);
  CHECK_EQUAL(resbin_uio_wait(&uio, &mapped, 1000, &interrupts), RESBIN_OK);
  CHECK_EQUAL(interrupts, RESBIN_IRQ_STATUS_DONE);
  CHECK_EQUAL(resbin_uio_close(&uio), RESBIN_OK);
  close(sockets[1]);
  unlink(path);
}

/* ---- Main ---------------------------------------------------------------------------------- */

static uint8_t *load(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes;
  if (file == NULL) {
    perror(path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  bytes = malloc(*size + 1);
  if (fread(bytes, 1, *size, file) != *size) exit(2);
  fclose(file);
  return bytes;
}

int main(int argc, char **argv) {
  size_t image_size, result_size;
  uint8_t *image_bytes, *result_bytes;
  uint32_t repeats, first;
  if (argc < 3) return 2;
  images = image_bytes = load(argv[1], &image_size);
  expected = result_bytes = load(argv[2], &result_size);
  first = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
  repeats = argc > 4 ? (uint32_t)atoi(argv[4]) : 4;
  count = (uint32_t)(image_size / resbin_image_bytes(design));
  while (fewer_count < 8 && argc > 5 + (int)fewer_count) {
    size_t size;
    fewer[fewer_count] = load(argv[5 + fewer_count], &size);
    fewer_count++;
    if (size != result_size) return 2;
  }
  if (count < 4 || count * resbin_result_bytes(design) != result_size) {
    fprintf(stderr, "images and expected results do not fit the design\n");
    return 2;
  }

  test_messages();
  test_packing();
  test_other_dmas();
  test_uio();
  for (seed = first; seed < first + repeats; seed++) {
    random_state = seed + 1;
    test_open();
    test_images();
    test_levels();
    test_interrupt();
    test_framing();
    test_bad_accesses();
    test_arguments();
    test_drain();
    test_reset(repeats);
    test_plain_reset();
    test_dma_errors();
    test_lengths();
    test_cycles();
  }
  printf("C driver: %u checks, %u failed; seeds %u to %u\n", checks, failures, first, seed - 1);
  free(image_bytes);
  free(result_bytes);
  while (fewer_count > 0) free(fewer[--fewer_count]);
  return failures != 0;
}
