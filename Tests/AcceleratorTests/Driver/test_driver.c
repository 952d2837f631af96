/* SPDX-License-Identifier: Apache-2.0
 *
 * resbin.c, resbin_dma.c and resbin_uio.c, unchanged, on an accelerator in simulation.
 *
 *   test_driver IMAGES EXPECTED [SEED [REPEATS [--reload IMAGE EXPECTED] [FEWER ...]]]
 *
 * IMAGES and EXPECTED are bytes as they stand on s_axis_tdata and m_axis_tdata; IMAGE is a parameter
 * image of another model, with EXPECTED of its own; FEWER are EXPECTED with 1, 2 ... levels in use.
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
static uint32_t *other_image; /* parameters of another model, and what is expected of that */
static size_t other_words;
static const uint8_t *other_expected;
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
  for (result = RESBIN_E_CHECKSUM; result <= RESBIN_OK; result++) {
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
  /* Unless the beats that miss have no part in the result. */
  CHECK_EQUAL(counters().dropped_images + counters().images_out, 1);
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

/* ---- Another model ------------------------------------------------------------------------- */

/* Writes of registers, and what is done to them on their way. */
static uint32_t writes, load_writes, data_writes;
static uint32_t flipped_write; /* this write of LOAD_DATA, the first is 1, has lost a bit */
static uint32_t offering_write; /* with this one an image is offered */
static bool closes_checks;
static uint32_t exchanged; /* the image that is being exchanged */

static void start_exchange(uint32_t index) {
  uint32_t image_bytes = (uint32_t)resbin_image_bytes(design);
  exchanged = index;
  CHECK_EQUAL(resbin_dma_receive(&dma, scratch_at, (uint32_t)resbin_result_bytes(design)), RESBIN_OK);
  CHECK_EQUAL(resbin_dma_send(&dma, image_at + index * image_stride, image_bytes), RESBIN_OK);
}

static void check_exchange(void) {
  struct resbin_timer timer;
  uint32_t bytes = 0;
  int result = RESBIN_OK;
  resbin_timer_start(&timer, &dma_bus, TIMEOUT);
  while (result == RESBIN_OK && (dma.is_sending || dma.is_receiving)) {
    bool over = resbin_timer_over(&timer, &dma_bus);
    (void)resbin_dma_is_sent(&dma, &result);
    if (result == RESBIN_OK) (void)resbin_dma_is_received(&dma, &bytes, &result);
    if (over) result = RESBIN_E_TIMEOUT;
  }
  CHECK_EQUAL(result, RESBIN_OK);
  CHECK(is_right(scratch_at, exchanged));
}

static void watched_write(void *context, uint32_t offset, uint32_t value) {
  (void)context;
  writes++;
  if (offset >= RESBIN_LOAD_WORDS && offset <= RESBIN_LOAD_CRC) load_writes++;
  if (offset == RESBIN_LOAD_DATA) {
    data_writes++;
    if (data_writes == flipped_write) value &= value - 1;
    if (data_writes == offering_write) {
      check_exchange();
      start_exchange(random_below(count));
    }
  }
  harness_write(offset, value);
  if (offset == RESBIN_LOAD_CRC && closes_checks) harness_write(RESBIN_CONTROL, RESBIN_CONTROL_ENABLE);
}

static void begin_watched(const char *name) {
  begin(name);
  device.bus.write = watched_write;
  writes = load_writes = data_writes = flipped_write = offering_write = 0;
  closes_checks = false;
}

/* Bit by bit, to check the driver's table. */
static uint32_t crc_of(const uint32_t *words, size_t number) {
  uint32_t crc = 0xFFFFFFFFu, bit;
  size_t index;
  for (index = 0; index < number; index++) {
    for (bit = 0; bit < 32; bit++) {
      crc = crc >> 1 ^ (((crc ^ words[index] >> bit) & 1) != 0 ? 0xEDB88320u : 0u);
    }
  }
  return ~crc;
}

static void open_memories(void) {
  uint32_t polls = 0;
  harness_write(RESBIN_CONTROL, RESBIN_CONTROL_ENABLE | RESBIN_CONTROL_LOAD);
  while ((harness_read(RESBIN_STATUS) & RESBIN_STATUS_LOADING) == 0 && polls++ < 10000) {
  }
  CHECK((harness_read(RESBIN_STATUS) & RESBIN_STATUS_LOADING) != 0);
}

/* A parameter image of what stands in the memories. */
static uint32_t *own_image(void) {
  uint32_t *image = malloc(other_words * sizeof *image);
  size_t word;
  memcpy(image, other_image, RESBIN_IMAGE_HEADER * sizeof *image);
  open_memories();
  harness_write(RESBIN_LOAD_ADDRESS, 0);
  for (word = RESBIN_IMAGE_HEADER; word < other_words; word++) {
    image[word] = harness_read(RESBIN_LOAD_DATA);
  }
  image[RESBIN_IMAGE_CRC] = crc_of(image + RESBIN_IMAGE_HEADER, other_words - RESBIN_IMAGE_HEADER);
  resbin_start(&device);
  return image;
}

/* The place of a word of the other model that is not 0, in its image. */
static uint32_t place_of_a_word(void) {
  uint32_t place;
  do {
    place = RESBIN_IMAGE_HEADER + random_below((uint32_t)other_words - RESBIN_IMAGE_HEADER);
  } while (other_image[place] == 0);
  return place;
}

static uint32_t checksum(void) {
  uint32_t crc = 0;
  CHECK_EQUAL(resbin_checksum(&device, &crc, TIMEOUT), RESBIN_OK);
  return crc;
}

static int load_image(const uint32_t *image) {
  return resbin_load(&device, image, other_words, TIMEOUT);
}

static uint32_t early_reads;
static uint32_t early_read(void *context, uint32_t offset) {
  (void)context;
  if (offset >= RESBIN_LOAD_WORDS && offset <= RESBIN_LOAD_CRC) early_reads++;
  return offset == RESBIN_VERSION ? 0x00010001u : harness_read(offset);
}

/* A design without reload, and one whose map does not know of it. */
static void test_no_reload(void) {
  uint32_t image[RESBIN_IMAGE_HEADER] = {RESBIN_IMAGE_MAGIC_VALUE, RESBIN_IMAGE_FORMAT_VALUE}, crc;
  uint32_t is_early;
  begin_watched("no reload");
  for (is_early = harness_read(RESBIN_LOAD_WORDS) != 0; is_early < 2; is_early++) {
    early_reads = 0;
    if (is_early != 0) device.bus.read = early_read;
    CHECK_EQUAL(resbin_load_words(&device), 0);
    CHECK_EQUAL(resbin_load(&device, image, RESBIN_IMAGE_HEADER, TIMEOUT), RESBIN_E_RELOAD);
    CHECK_EQUAL(resbin_checksum(&device, &crc, TIMEOUT), RESBIN_E_RELOAD);
    CHECK_EQUAL(early_reads, 0);
  }
  CHECK_EQUAL(writes, 0);
  CHECK_EQUAL(resbin_errors(&device), 0);
  check_run(0, 1);
  end();
}

static void test_reload(void) {
  const uint8_t *own_expected = expected;
  uint32_t *own;
  begin_watched("reload");
  own = own_image();
  CHECK_EQUAL(resbin_load_words(&device), other_words - RESBIN_IMAGE_HEADER);
  CHECK(own[RESBIN_IMAGE_CRC] != other_image[RESBIN_IMAGE_CRC]);
  CHECK_EQUAL(checksum(), own[RESBIN_IMAGE_CRC]);
  check_run(0, 2);
  CHECK_EQUAL(load_image(other_image), RESBIN_OK);
  expected = other_expected;
  check_run(0, count);
  CHECK_EQUAL(checksum(), other_image[RESBIN_IMAGE_CRC]);
  /* Back, and what was stopped stays so. */
  CHECK_EQUAL(resbin_drain(&device, TIMEOUT), RESBIN_OK);
  CHECK_EQUAL(load_image(own), RESBIN_OK);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), 0);
  CHECK_EQUAL(harness_read(RESBIN_STATUS), 0);
  resbin_start(&device);
  expected = own_expected;
  check_run(0, count);
  CHECK_EQUAL(checksum(), own[RESBIN_IMAGE_CRC]);
  /* Levels that wait to change, too. */
  if (fewer_count > 0) {
    CHECK_EQUAL(resbin_set_levels(&device, 1), RESBIN_OK);
    CHECK_EQUAL(load_image(own), RESBIN_OK);
    expected = fewer[0];
    check_run(0, 2);
    expected = own_expected;
  }
  CHECK_EQUAL(resbin_errors(&device), 0);
  CHECK_EQUAL(counters().bad_accesses, 0);
  free(own);
  end();
}

static void test_refused_images(void) {
  uint32_t before, bit, place, word, crc, *part;
  static const uint32_t damaged[4] = {RESBIN_IMAGE_MAGIC, RESBIN_IMAGE_FORMAT, RESBIN_IMAGE_COUNT,
                                      RESBIN_IMAGE_CRC};
  begin_watched("refused images");
  before = checksum();
  writes = 0;
  for (place = 0; place < 8; place++) {
    bit = 1u << random_below(32);
    if (place < 4) {
      other_image[damaged[place]] ^= bit;
      CHECK_EQUAL(load_image(other_image), RESBIN_E_IMAGE);
      other_image[damaged[place]] ^= bit;
    }
    other_image[RESBIN_IMAGE_HASH + place % 4] ^= bit;
    CHECK_EQUAL(load_image(other_image), RESBIN_E_HASH);
    other_image[RESBIN_IMAGE_HASH + place % 4] ^= bit;
    word = RESBIN_IMAGE_HEADER + random_below((uint32_t)other_words - RESBIN_IMAGE_HEADER);
    other_image[word] ^= bit;
    CHECK_EQUAL(load_image(other_image), RESBIN_E_IMAGE);
    other_image[word] ^= bit;
  }
  CHECK_EQUAL(resbin_load(&device, other_image, other_words - 1, TIMEOUT), RESBIN_E_IMAGE);
  CHECK_EQUAL(resbin_load(&device, other_image, other_words + 1, TIMEOUT), RESBIN_E_IMAGE);
  CHECK_EQUAL(resbin_load(&device, other_image, RESBIN_IMAGE_HEADER - 1, TIMEOUT), RESBIN_E_IMAGE);
  part = malloc(sizeof *part); /* the sanitizer knows where it ends */
  *part = RESBIN_IMAGE_MAGIC_VALUE;
  CHECK_EQUAL(resbin_load(&device, part, 1, TIMEOUT), RESBIN_E_IMAGE);
  free(part);
  CHECK_EQUAL(resbin_load(&device, NULL, other_words, TIMEOUT), RESBIN_E_ARGUMENT);
  CHECK_EQUAL(resbin_checksum(&device, NULL, TIMEOUT), RESBIN_E_ARGUMENT);
  /* One that is right in itself, with a word less. */
  crc = other_image[RESBIN_IMAGE_CRC];
  other_image[RESBIN_IMAGE_COUNT]--;
  other_image[RESBIN_IMAGE_CRC] = crc_of(other_image + RESBIN_IMAGE_HEADER, other_image[RESBIN_IMAGE_COUNT]);
  CHECK_EQUAL(resbin_load(&device, other_image, other_words - 1, TIMEOUT), RESBIN_E_IMAGE);
  other_image[RESBIN_IMAGE_COUNT]++;
  other_image[RESBIN_IMAGE_CRC] = crc;
  CHECK_EQUAL(writes, 0);
  CHECK_EQUAL(checksum(), before);
  CHECK_EQUAL(resbin_errors(&device), 0);
  check_run(0, 1);
  end();
}

static uint32_t checking_read(void *context, uint32_t offset) {
  (void)context;
  if (offset == RESBIN_STATUS) return RESBIN_STATUS_LOADING | RESBIN_STATUS_CHECKING;
  return harness_read(offset);
}

/* What goes wrong within the device, and on the way to it. */
static void test_damaged_memories(void) {
  const uint8_t *own_expected = expected;
  uint32_t place = place_of_a_word(), crc;
  begin_watched("damaged memories");
  /* On the way. Stopped, and a load alone does not start it. */
  flipped_write = place - RESBIN_IMAGE_HEADER + 1;
  CHECK_EQUAL(load_image(other_image), RESBIN_E_CHECKSUM);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), 0);
  CHECK_EQUAL(load_image(other_image), RESBIN_OK);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), 0);
  resbin_start(&device);
  expected = other_expected;
  check_run(0, 2);
  CHECK_EQUAL(checksum(), other_image[RESBIN_IMAGE_CRC]);
  /* In the memory itself, later. */
  place = place_of_a_word();
  open_memories();
  harness_write(RESBIN_LOAD_ADDRESS, place - RESBIN_IMAGE_HEADER);
  CHECK_EQUAL(harness_read(RESBIN_LOAD_DATA), other_image[place]);
  harness_write(RESBIN_LOAD_ADDRESS, place - RESBIN_IMAGE_HEADER);
  harness_write(RESBIN_LOAD_DATA, other_image[place] & (other_image[place] - 1));
  resbin_start(&device);
  CHECK(checksum() != other_image[RESBIN_IMAGE_CRC]);
  open_memories();
  harness_write(RESBIN_LOAD_ADDRESS, place - RESBIN_IMAGE_HEADER);
  harness_write(RESBIN_LOAD_DATA, other_image[place]);
  resbin_start(&device);
  CHECK_EQUAL(checksum(), other_image[RESBIN_IMAGE_CRC]);
  /* Checks that end too early or never: what the register holds is old. */
  closes_checks = true;
  CHECK_EQUAL(resbin_checksum(&device, &crc, TIMEOUT), RESBIN_E_CHECKSUM);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), RESBIN_CONTROL_ENABLE);
  closes_checks = false;
  device.bus.read = checking_read;
  CHECK_EQUAL(resbin_checksum(&device, &crc, TIMEOUT), RESBIN_E_CHECKSUM);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), RESBIN_CONTROL_ENABLE);
  device.bus.read = bus_read;
  /* Somebody left them open, in the middle of a check. Commands close nothing; `start` does. */
  open_memories();
  harness_write(RESBIN_LOAD_CRC, 0);
  CHECK_EQUAL(checksum(), other_image[RESBIN_IMAGE_CRC]);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), RESBIN_CONTROL_ENABLE);
  open_memories();
  CHECK_EQUAL(resbin_clear_counters(&device), RESBIN_OK);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), RESBIN_CONTROL_ENABLE | RESBIN_CONTROL_LOAD);
  resbin_start(&device);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), RESBIN_CONTROL_ENABLE);
  CHECK_EQUAL(resbin_errors(&device), 0);
  check_run(0, 2);
  expected = own_expected;
  end();
}

/* Images that are inside finish in their model, one that comes meanwhile waits for the other. */
static void test_reload_in_flight(void) {
  const uint8_t *own_expected = expected;
  uint32_t crc;
  begin_watched("reload in flight");
  if (seed % 2 == 0) harness_limit_source(1 + random_below(design->input.beats - 1));
  else harness_limit_sink(random_below(design->output.beats));
  start_exchange(random_below(count));
  harness_step(2000);
  CHECK_EQUAL(resbin_load(&device, other_image, other_words, 20000), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(resbin_checksum(&device, &crc, 3000), RESBIN_E_TIMEOUT);
  CHECK_EQUAL(harness_read(RESBIN_CONTROL), RESBIN_CONTROL_ENABLE);
  CHECK_EQUAL(load_writes, 0);
  harness_limit_source(-1);
  harness_limit_sink(-1);
  offering_write = 1 + random_below((uint32_t)other_words - RESBIN_IMAGE_HEADER);
  CHECK_EQUAL(load_image(other_image), RESBIN_OK);
  expected = other_expected;
  check_exchange();
  check_run(0, 2);
  CHECK_EQUAL(counters().images_out, 4);
  CHECK_EQUAL(resbin_errors(&device), 0);
  expected = own_expected;
  end();
}

static void test_score_step(void) {
  static const uint32_t image[RESBIN_IMAGE_HEADER] = {0, 0, 0, 0, 0, 0, 0, 0, 0x9ABCDEF0u, 0xBFF45678u};
  static const uint32_t none[RESBIN_IMAGE_HEADER] = {0};
  test = "score step";
  CHECK(resbin_image_score_step(image) == -0x1.456789ABCDEF0p+0);
  CHECK(resbin_image_score_step(none) == 0);
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
  int next = 5;
  if (argc < 3) return 2;
  images = image_bytes = load(argv[1], &image_size);
  expected = result_bytes = load(argv[2], &result_size);
  first = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
  repeats = argc > 4 ? (uint32_t)atoi(argv[4]) : 4;
  count = (uint32_t)(image_size / resbin_image_bytes(design));
  if (argc > 7 && strcmp(argv[5], "--reload") == 0) {
    size_t size;
    other_image = (uint32_t *)(void *)load(argv[6], &size);
    other_words = size / 4;
    other_expected = load(argv[7], &size);
    if (size != result_size || other_words <= RESBIN_IMAGE_HEADER) return 2;
    next = 8;
  }
  while (fewer_count < 8 && argc > next + (int)fewer_count) {
    size_t size;
    fewer[fewer_count] = load(argv[next + (int)fewer_count], &size);
    fewer_count++;
    if (size != result_size) return 2;
  }
  if (count < 4 || count * resbin_result_bytes(design) != result_size) {
    fprintf(stderr, "images and expected results do not fit the design\n");
    return 2;
  }

  test_messages();
  test_packing();
  test_score_step();
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
    test_no_reload();
    if (other_image == NULL) continue;
    test_reload();
    test_refused_images();
    test_damaged_memories();
    test_reload_in_flight();
  }
  printf("C driver: %u checks, %u failed; seeds %u to %u\n", checks, failures, first, seed - 1);
  free(image_bytes);
  free(result_bytes);
  free(other_image);
  free((void *)(uintptr_t)other_expected);
  while (fewer_count > 0) free(fewer[--fewer_count]);
  return failures != 0;
}
