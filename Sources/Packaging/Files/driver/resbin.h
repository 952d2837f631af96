/* SPDX-License-Identifier: Apache-2.0
 *
 * Driver of the accelerators that ResBin generates (<top>_axi): C99, no heap, no operating system.
 *
 *   resbin_registers.h   generated: the register map, the same for every design
 *   <top>_design.h            generated: one `static const struct resbin_design` a design
 *   resbin.c             this driver; compiled once for any number of designs
 *   resbin_dma.h/.c      moves images through a Xilinx AXI DMA in simple mode
 *   resbin_uio.h/.c      Linux: registers and interrupt through /dev/uioN
 *
 * Bare metal, without a DMA in the way:
 *
 *   struct resbin_bus bus = resbin_memory_bus((volatile void *)0x43C00000);
 *   struct resbin device;
 *   int result = resbin_open(&device, &bus, &mnist_256x3_m2_design);
 *   if (result != RESBIN_OK) puts(resbin_strerror(result));
 *
 * Functions return RESBIN_OK (0) or a negative RESBIN_E_... unless said otherwise. None keeps a
 * pointer but `resbin_open`, which keeps `design` and what the bus points to. One device belongs
 * to one thread at a time.
 */
#ifndef RESBIN_H
#define RESBIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resbin_registers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The register map that this driver was written for. Another minor is accepted, another major not. */
#define RESBIN_DRIVER_MAP_MAJOR 1u

enum resbin_result {
  RESBIN_OK = 0,
  RESBIN_E_ARGUMENT = -1,    /* a pointer, size or number that the design does not allow */
  RESBIN_E_ID = -2,          /* no ResBin accelerator answers here */
  RESBIN_E_VERSION = -3,     /* its register map has another major version */
  RESBIN_E_HASH = -4,        /* it is another design than the header says */
  RESBIN_E_GEOMETRY = -5,    /* same hash, other beats or bytes: the header was edited */
  RESBIN_E_TIMEOUT = -6,     /* it did not get there in time */
  RESBIN_E_RANGE = -7,       /* a value does not fit the lanes, or the results not the buffer */
  RESBIN_E_ALIGNMENT = -8,   /* a DMA buffer or stride is not a multiple of the alignment */
  RESBIN_E_TOO_LONG = -9,    /* an image or a result is longer than one transfer may be */
  RESBIN_E_SCATTER = -10,    /* the DMA was built with scatter/gather; simple mode is needed */
  RESBIN_E_DMA = -11,        /* the DMA reported an error; see `error` of struct resbin_dma */
  RESBIN_E_LENGTH = -12,     /* a result had another length than the design says */
  RESBIN_E_SYSTEM = -13,     /* a call of the operating system failed; errno says why */
  RESBIN_E_LEVELS = -14,     /* there are not so many levels, or no choice of them */
  RESBIN_E_IMAGE = -15,      /* no parameter image, or one that is damaged or cut off */
  RESBIN_E_RELOAD = -16,     /* the memories of the design cannot be written */
  RESBIN_E_CHECKSUM = -17    /* the memories do not hold what was loaded, or could not be checked */
};

/* What went wrong, in words; never NULL. */
const char *resbin_strerror(int result);

/* ---- A design ---------------------------------------------------------------------------- */

/* One stream of a design. lane_bits = container_bits says that the lanes of a beat stand side by
 * side and the beat is rounded up to bytes; otherwise each lane has a container of its own, of 8,
 * 16, 32 or 64 bits, little-endian. */
struct resbin_stream {
  const char *name;
  uint32_t lanes;          /* values in a beat */
  uint32_t lane_bits;      /* bits of a value */
  uint32_t container_bits; /* bits that it takes in memory */
  uint32_t is_signed;      /* 1: two's complement */
  uint32_t beats;          /* beats of an image */
  uint32_t beat_bytes;     /* bytes of a beat */
  uint32_t shape[3];       /* height, width, channels; channel fastest */
};

struct resbin_design {
  const char *name;    /* the network */
  const char *module;  /* the Verilog module, <top>_axi */
  uint32_t hash[4];    /* HASH_0 to HASH_3: hash[0] is the first 8 hexadecimal digits */
  uint32_t levels;     /* residual levels built */
  struct resbin_stream input;
  struct resbin_stream output;
};

/* Bytes of one image as the accelerator takes it, and of one result as it gives it. */
static inline size_t resbin_image_bytes(const struct resbin_design *design) {
  return (size_t)design->input.beats * design->input.beat_bytes;
}
static inline size_t resbin_result_bytes(const struct resbin_design *design) {
  return (size_t)design->output.beats * design->output.beat_bytes;
}
/* Values of one image and of one result. */
static inline size_t resbin_image_values(const struct resbin_design *design) {
  return (size_t)design->input.beats * design->input.lanes;
}
static inline size_t resbin_result_values(const struct resbin_design *design) {
  return (size_t)design->output.beats * design->output.lanes;
}

/* ---- The way to the registers ------------------------------------------------------------ */

/* `read` and `write` move 32 bits at a byte offset. `ticks`, a counter that runs freely and may
 * wrap, is the clock of all timeouts; without it (NULL) a timeout counts reads of a status
 * register. `context` is handed to all three. */
struct resbin_bus {
  uint32_t (*read)(void *context, uint32_t offset);
  void (*write)(void *context, uint32_t offset, uint32_t value);
  uint32_t (*ticks)(void *context);
  void *context;
};

/* A bus for registers that are mapped at `base`. Each access has a full memory barrier, so that
 * what was written to a buffer before is in memory when the register changes. */
struct resbin_bus resbin_memory_bus(volatile void *base);

/* A timeout of its own: start it, then ask whether it is over. */
struct resbin_timer {
  uint32_t start, limit, polls;
};
void resbin_timer_start(struct resbin_timer *timer, const struct resbin_bus *bus, uint32_t limit);
bool resbin_timer_over(struct resbin_timer *timer, const struct resbin_bus *bus);

/* ---- A device ---------------------------------------------------------------------------- */

struct resbin {
  struct resbin_bus bus;
  const struct resbin_design *design;
};

/* Looks whether `design` is what answers on `bus`: ID, version of the map, hash, beats and bytes,
 * in this order. Nothing is written. RESBIN_E_ID, _VERSION, _HASH, _GEOMETRY. */
int resbin_open(struct resbin *device, const struct resbin_bus *bus,
                const struct resbin_design *design);

/* Lets images in, and lets none in any more; images in flight finish. */
int resbin_start(struct resbin *device);
int resbin_stop(struct resbin *device);
bool resbin_is_busy(const struct resbin *device);

/* The clean end: stops, and waits until the last result has left. Images are let in again only
 * after `resbin_start`. RESBIN_E_TIMEOUT leaves it stopped. */
int resbin_drain(struct resbin *device, uint32_t timeout);

enum resbin_reset_kind {
  RESBIN_RESET_DROP = 0,   /* the rest of a begun packet will come, and is dropped when it does */
  RESBIN_RESET_ABANDON = 1 /* it will never come: the DMA was reset, or the source is gone */
};

/* Drops all images in flight. A result that has begun to leave is completed with zeros, so
 * somebody must take it: RESBIN_E_TIMEOUT says that nobody did. ENABLE stays as it was. After
 * RESBIN_RESET_DROP `resbin_is_dropping` holds until the rest of a begun packet has come. */
int resbin_reset(struct resbin *device, enum resbin_reset_kind kind, uint32_t timeout);
bool resbin_is_dropping(const struct resbin *device);
/* Says, after a reset, that the rest of the begun packet will not come after all. */
int resbin_abandon(struct resbin *device);

/* Residual levels of the images inside, and built. */
int resbin_levels(const struct resbin *device, uint32_t *in_use, uint32_t *built);
/* Computes the next image that begins, and those after it, with `levels` levels, 1 to those built;
 * images that have begun finish in their own. RESBIN_E_LEVELS, and nothing is written, where there
 * are not so many, or where the design was generated without a choice. */
int resbin_set_levels(struct resbin *device, uint32_t levels);

/* ---- Another model ----------------------------------------------------------------------- */

/* A parameter image: weights, thresholds and all other memories of a model of the same shape, made
 * by `resbin reload`. 32-bit words, little-endian in a file. */
enum resbin_image_word {
  RESBIN_IMAGE_MAGIC = 0,      /* RESBIN_IMAGE_MAGIC_VALUE */
  RESBIN_IMAGE_FORMAT = 1,     /* RESBIN_IMAGE_FORMAT_VALUE */
  RESBIN_IMAGE_HASH = 2,       /* four words: HASH_0 to HASH_3 of the design that it is for */
  RESBIN_IMAGE_COUNT = 6,      /* words after the header */
  RESBIN_IMAGE_CRC = 7,        /* their CRC-32, as `resbin_checksum` has it */
  RESBIN_IMAGE_SCORE_STEP = 8, /* two words, see `resbin_image_score_step` */
  RESBIN_IMAGE_HEADER = 10     /* words of the header */
};
#define RESBIN_IMAGE_MAGIC_VALUE 0x50425352u /* "RSBP" */
#define RESBIN_IMAGE_FORMAT_VALUE 1u

/* Words of the memories that can be written; 0 where they cannot. */
uint32_t resbin_load_words(const struct resbin *device);

/* Puts another model into the accelerator. `image` has `words` words in the processor's order of
 * bytes: a file as it stands where that is little-endian.
 *
 * No image is begun from here on, and those inside finish in the old model, for which somebody has
 * to take their results; then the memories are written, and the device computes their CRC. ENABLE
 * stays as it was.
 *
 * RESBIN_E_RELOAD, _IMAGE, _HASH: the device was not touched. RESBIN_E_TIMEOUT: images did not leave
 * in time; nothing was written, and all is as it was. RESBIN_E_CHECKSUM: something else stands in
 * the memories, and the device is stopped, for its results would mean nothing: load again, then
 * `resbin_start`. */
int resbin_load(struct resbin *device, const uint32_t *image, size_t words, uint32_t timeout);

/* The CRC-32 of what stands in the memories now, to be compared with image[RESBIN_IMAGE_CRC].
 * Images wait meanwhile, five cycles a word. RESBIN_E_RELOAD; RESBIN_E_TIMEOUT: images did not leave
 * in time; RESBIN_E_CHECKSUM: the memories were closed meanwhile, or the check does not end. ENABLE
 * stays as it was in any case. */
int resbin_checksum(struct resbin *device, uint32_t *crc, uint32_t timeout);

/* What a score of the model is multiplied with to get the score that was trained; 0 where there is
 * no such number. `image` is at least a header. Needs a `double` of 64 bits. */
double resbin_image_score_step(const uint32_t *image);

/* ---- What it counted --------------------------------------------------------------------- */

struct resbin_counters {
  uint64_t cycles;       /* with an image in it */
  uint32_t images_in;    /* taken completely */
  uint32_t images_out;   /* results that left */
  uint32_t short_images, long_images;
  uint32_t bad_accesses; /* of registers */
  uint32_t dropped_images;
  uint32_t last_bad_image; /* images_in as it was when the newest short or long image began */
  uint32_t stalls_in, starved_in, stalls_out; /* cycles */
};

/* All counters, one after the other: while images move they are not of one instant. Each wraps
 * at 2^32, `cycles` at 2^64. */
int resbin_read_counters(const struct resbin *device, struct resbin_counters *counters);
/* Zeroes counters, high-water marks and last_bad_image. */
int resbin_clear_counters(struct resbin *device);

/* Most beats that queue `index` held. RESBIN_E_ARGUMENT when there is no such queue. */
uint32_t resbin_queues(const struct resbin *device);
int resbin_high_water(const struct resbin *device, uint32_t index, uint32_t *beats);

/* ---- Errors and interrupts --------------------------------------------------------------- */

/* Bits RESBIN_ERRORS_SHORT_IMAGE, _LONG_IMAGE, _READ_ONLY, _UNMAPPED, _BAD_LEVELS,
 * _BAD_LOAD. */
uint32_t resbin_errors(const struct resbin *device);
int resbin_clear_errors(struct resbin *device, uint32_t errors);

/* Bits RESBIN_IRQ_ENABLE_DONE, _ERROR, and RESBIN_IRQ_STATUS_DONE, _ERROR. */
int resbin_enable_interrupts(struct resbin *device, uint32_t interrupts);
uint32_t resbin_interrupts(const struct resbin *device);
int resbin_acknowledge_interrupts(struct resbin *device, uint32_t interrupts);

/* ---- Packing ----------------------------------------------------------------------------- */

/* Packs one image, `resbin_image_values` unsigned values of one byte each in raster order,
 * channel fastest, into `resbin_image_bytes` bytes. Pixels of 8 bits are copied as they are. */
int resbin_pack_image(const struct resbin_design *design, const uint8_t *values, size_t count,
                      uint8_t *bytes, size_t size);
/* Unpacks one result into `resbin_result_values` values: scores, indices, or codes. The second
 * is for 32-bit processors: RESBIN_E_RANGE when the design's values may need more. */
int resbin_unpack_result(const struct resbin_design *design, const uint8_t *bytes, size_t size,
                         int64_t *values, size_t count);
int resbin_unpack_result32(const struct resbin_design *design, const uint8_t *bytes, size_t size,
                           int32_t *values, size_t count);
/* The class: the index of the largest score, the first of equals; the only value where the
 * network itself ends in an index. Takes a result as it is. Negative: RESBIN_E_... */
int resbin_class_of(const struct resbin_design *design, const uint8_t *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
