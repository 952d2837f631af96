/* SPDX-License-Identifier: Apache-2.0
 *
 * See resbin.h.
 */
#include "resbin.h"

#include <string.h>

/* Orders accesses of memory and of registers. Override it for another compiler. */
#ifndef RESBIN_BARRIER
#define RESBIN_BARRIER() __sync_synchronize()
#endif

const char *resbin_strerror(int result) {
  switch (result) {
    case RESBIN_OK: return "no error";
    case RESBIN_E_ARGUMENT: return "an argument is missing, or has a size that the design has not";
    case RESBIN_E_ID:
      return "register ID is not 0x5253424E: no ResBin accelerator at this address";
    case RESBIN_E_VERSION:
      return "register VERSION has another major number: generate design and driver together";
    case RESBIN_E_HASH:
      return "registers HASH differ from the header: the bitstream is of another design";
    case RESBIN_E_GEOMETRY:
      return "the hash is right but beats or bytes are not: the header was changed";
    case RESBIN_E_TIMEOUT: return "timeout";
    case RESBIN_E_RANGE: return "a value has more bits than there is room for";
    case RESBIN_E_ALIGNMENT:
      return "a DMA address or stride is not a multiple of the alignment";
    case RESBIN_E_TOO_LONG: return "an image or result is longer than one DMA transfer may be";
    case RESBIN_E_SCATTER: return "the DMA has scatter/gather; build it with c_include_sg 0";
    case RESBIN_E_DMA: return "the DMA stopped with an error";
    case RESBIN_E_LENGTH: return "a result had another length than the design says";
    case RESBIN_E_LEVELS: return "the design has not so many levels, or no choice of them";
    case RESBIN_E_IMAGE: return "no parameter image of format 1, or one that is damaged or cut off";
    case RESBIN_E_RELOAD:
      return "the memories cannot be written: generate the design with --reloadable";
    case RESBIN_E_CHECKSUM: return "the memories do not hold what was loaded, or could not be checked: load again";
    case RESBIN_E_SYSTEM: return "the operating system refused";
    default: return "unknown result";
  }
}

/* ---- Bus --------------------------------------------------------------------------------- */

static uint32_t read_memory(void *context, uint32_t offset) {
  uint32_t value = *(volatile uint32_t *)((volatile uint8_t *)context + offset);
  RESBIN_BARRIER();
  return value;
}

static void write_memory(void *context, uint32_t offset, uint32_t value) {
  RESBIN_BARRIER();
  *(volatile uint32_t *)((volatile uint8_t *)context + offset) = value;
}

struct resbin_bus resbin_memory_bus(volatile void *base) {
  struct resbin_bus bus = {read_memory, write_memory, NULL, NULL};
  bus.context = (void *)base;
  return bus;
}

void resbin_timer_start(struct resbin_timer *timer, const struct resbin_bus *bus, uint32_t limit) {
  timer->start = bus->ticks != NULL ? bus->ticks(bus->context) : 0;
  timer->limit = limit;
  timer->polls = 0;
}

bool resbin_timer_over(struct resbin_timer *timer, const struct resbin_bus *bus) {
  if (bus->ticks != NULL) return bus->ticks(bus->context) - timer->start > timer->limit;
  return timer->polls++ >= timer->limit;
}

static uint32_t get(const struct resbin *device, uint32_t offset) {
  return device->bus.read(device->bus.context, offset);
}

static void set(struct resbin *device, uint32_t offset, uint32_t value) {
  device->bus.write(device->bus.context, offset, value);
}

/* The value of a field: `mask` says where it is. */
static uint32_t field(uint32_t value, uint32_t mask) { return (value & mask) / (mask & ~(mask - 1u)); }

/* Waits until `bits` of a register are `wanted`. */
static int wait_for(struct resbin *device, uint32_t offset, uint32_t bits, uint32_t wanted,
                    uint32_t timeout) {
  struct resbin_timer timer;
  resbin_timer_start(&timer, &device->bus, timeout);
  for (;;) {
    /* Time first, then the register: a pause between the two cannot make a timeout of success. */
    bool over = resbin_timer_over(&timer, &device->bus);
    if ((get(device, offset) & bits) == wanted) return RESBIN_OK;
    if (over) return RESBIN_E_TIMEOUT;
  }
}

/* ---- Device ------------------------------------------------------------------------------ */

static bool has_geometry(const struct resbin *device, uint32_t beats, uint32_t bytes,
                         const struct resbin_stream *stream) {
  return get(device, beats) == stream->beats && get(device, bytes) == stream->beat_bytes;
}

int resbin_open(struct resbin *device, const struct resbin_bus *bus,
                const struct resbin_design *design) {
  uint32_t word;
  if (device == NULL || bus == NULL || design == NULL || bus->read == NULL || bus->write == NULL) {
    return RESBIN_E_ARGUMENT;
  }
  device->bus = *bus;
  device->design = design;
  if (get(device, RESBIN_ID) != RESBIN_ID_VALUE) return RESBIN_E_ID;
  if (field(get(device, RESBIN_VERSION), RESBIN_VERSION_MAJOR) != RESBIN_DRIVER_MAP_MAJOR) {
    return RESBIN_E_VERSION;
  }
  for (word = 0; word < 4; word++) {
    if (get(device, RESBIN_HASH_0 + 4u * word) != design->hash[word]) return RESBIN_E_HASH;
  }
  if (!has_geometry(device, RESBIN_IN_BEATS, RESBIN_IN_BYTES, &design->input) ||
      !has_geometry(device, RESBIN_OUT_BEATS, RESBIN_OUT_BYTES, &design->output)) {
    return RESBIN_E_GEOMETRY;
  }
  return RESBIN_OK;
}

int resbin_start(struct resbin *device) {
  set(device, RESBIN_CONTROL, RESBIN_CONTROL_ENABLE);
  return RESBIN_OK;
}

int resbin_stop(struct resbin *device) {
  set(device, RESBIN_CONTROL, 0);
  return RESBIN_OK;
}

/* Writes bits that do something once, and leaves those that stay alone. */
static void command(struct resbin *device, uint32_t bits) {
  const uint32_t staying = RESBIN_CONTROL_ENABLE | RESBIN_CONTROL_LOAD;
  set(device, RESBIN_CONTROL, (get(device, RESBIN_CONTROL) & staying) | bits);
}

bool resbin_is_busy(const struct resbin *device) {
  return (get(device, RESBIN_STATUS) & RESBIN_STATUS_BUSY) != 0;
}

int resbin_drain(struct resbin *device, uint32_t timeout) {
  resbin_stop(device);
  return wait_for(device, RESBIN_STATUS, RESBIN_STATUS_BUSY, 0, timeout);
}

int resbin_reset(struct resbin *device, enum resbin_reset_kind kind, uint32_t timeout) {
  command(device, RESBIN_CONTROL_RESET |
                      (kind == RESBIN_RESET_ABANDON ? RESBIN_CONTROL_ABANDON : 0u));
  return wait_for(device, RESBIN_CONTROL, RESBIN_CONTROL_RESET, 0, timeout);
}

bool resbin_is_dropping(const struct resbin *device) {
  return (get(device, RESBIN_STATUS) & RESBIN_STATUS_DROPPING) != 0;
}

int resbin_abandon(struct resbin *device) {
  command(device, RESBIN_CONTROL_ABANDON);
  return RESBIN_OK;
}

int resbin_levels(const struct resbin *device, uint32_t *in_use, uint32_t *built) {
  uint32_t levels = get(device, RESBIN_LEVELS);
  /* Version 1.0 of the map has one number for both. */
  if (in_use != NULL) {
    *in_use = field(levels, RESBIN_LEVELS_IN_USE);
    if (*in_use == 0) *in_use = field(levels, RESBIN_LEVELS_CHOSEN);
  }
  if (built != NULL) *built = field(levels, RESBIN_LEVELS_BUILT);
  return RESBIN_OK;
}

int resbin_set_levels(struct resbin *device, uint32_t levels) {
  uint32_t found = get(device, RESBIN_LEVELS);
  uint32_t built = field(found, RESBIN_LEVELS_BUILT);
  if (levels == 0 || levels > built) return RESBIN_E_LEVELS;
  if ((found & RESBIN_LEVELS_SELECTABLE) == 0) return levels == built ? RESBIN_OK : RESBIN_E_LEVELS;
  set(device, RESBIN_LEVELS, levels);
  return RESBIN_OK;
}

/* ---- Another model ----------------------------------------------------------------------- */

/* The first minor version of the register map with LOAD_WORDS. */
#define MAP_MINOR_OF_LOAD 2u

uint32_t resbin_load_words(const struct resbin *device) {
  uint32_t minor = field(get(device, RESBIN_VERSION), RESBIN_VERSION_MINOR);
  /* Before, there is no such register, and reading it is counted as an error. */
  return minor >= MAP_MINOR_OF_LOAD ? get(device, RESBIN_LOAD_WORDS) : 0;
}

/* CRC-32 as zlib has it over the words as little-endian bytes, four bits at a time. */
static uint32_t crc_of(const uint32_t *words, size_t count) {
  static const uint32_t table[16] = {
      0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
      0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
      0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu};
  uint32_t crc = 0xFFFFFFFFu;
  size_t index;
  int step;
  for (index = 0; index < count; index++) {
    crc ^= words[index];
    for (step = 0; step < 8; step++) crc = crc >> 4 ^ table[crc & 15u];
  }
  return ~crc;
}

/* Opens the memories, and says how ENABLE was. After a timeout all is as it was. While they are open it is
 * stopped: so it stays where its program is killed in the midst of a load. */
static int open_memories(struct resbin *device, uint32_t *enable, uint32_t timeout) {
  uint32_t control = get(device, RESBIN_CONTROL);
  int result;
  *enable = control & RESBIN_CONTROL_ENABLE;
  /* Who left them open may have left a check going, too: closing ends it. No image begins. */
  if ((control & RESBIN_CONTROL_LOAD) != 0) set(device, RESBIN_CONTROL, 0);
  set(device, RESBIN_CONTROL, RESBIN_CONTROL_LOAD);
  result = wait_for(device, RESBIN_STATUS, RESBIN_STATUS_LOADING, RESBIN_STATUS_LOADING, timeout);
  if (result != RESBIN_OK) set(device, RESBIN_CONTROL, *enable);
  return result;
}

/* Has the open memories checked. That takes five cycles a word, and a read of STATUS two or more: its
 * end is known without a clock, so no timeout can be too short for it. */
static int check_memories(struct resbin *device, uint32_t words, uint32_t *crc) {
  uint32_t polls = 16u * words + 1024u, status;
  set(device, RESBIN_LOAD_CRC, 0);
  do {
    status = get(device, RESBIN_STATUS);
  } while ((status & RESBIN_STATUS_CHECKING) != 0 && polls-- > 0);
  /* Where the memories were closed meanwhile, by a reset perhaps, the register says nothing. */
  if ((status & (RESBIN_STATUS_CHECKING | RESBIN_STATUS_LOADING)) != RESBIN_STATUS_LOADING) {
    return RESBIN_E_CHECKSUM;
  }
  *crc = get(device, RESBIN_LOAD_CRC);
  return RESBIN_OK;
}

static int check_image(const struct resbin *device, const uint32_t *image, size_t words,
                       uint32_t count) {
  uint32_t word;
  if (words < RESBIN_IMAGE_HEADER || image[RESBIN_IMAGE_MAGIC] != RESBIN_IMAGE_MAGIC_VALUE ||
      image[RESBIN_IMAGE_FORMAT] != RESBIN_IMAGE_FORMAT_VALUE) {
    return RESBIN_E_IMAGE;
  }
  for (word = 0; word < 4; word++) {
    if (image[RESBIN_IMAGE_HASH + word] != device->design->hash[word]) return RESBIN_E_HASH;
  }
  if (image[RESBIN_IMAGE_COUNT] != count || words - RESBIN_IMAGE_HEADER != count ||
      image[RESBIN_IMAGE_CRC] != crc_of(image + RESBIN_IMAGE_HEADER, count)) {
    return RESBIN_E_IMAGE;
  }
  return RESBIN_OK;
}

int resbin_load(struct resbin *device, const uint32_t *image, size_t words, uint32_t timeout) {
  uint32_t count, enable, word, crc = 0;
  int result;
  if (device == NULL || image == NULL) return RESBIN_E_ARGUMENT;
  count = resbin_load_words(device);
  if (count == 0) return RESBIN_E_RELOAD;
  result = check_image(device, image, words, count);
  if (result != RESBIN_OK) return result;
  result = open_memories(device, &enable, timeout);
  if (result != RESBIN_OK) return result;
  set(device, RESBIN_LOAD_ADDRESS, 0);
  for (word = 0; word < count; word++) {
    set(device, RESBIN_LOAD_DATA, image[RESBIN_IMAGE_HEADER + word]);
  }
  result = check_memories(device, count, &crc);
  if (result == RESBIN_OK && crc != image[RESBIN_IMAGE_CRC]) result = RESBIN_E_CHECKSUM;
  set(device, RESBIN_CONTROL, result == RESBIN_OK ? enable : 0);
  return result;
}

int resbin_checksum(struct resbin *device, uint32_t *crc, uint32_t timeout) {
  uint32_t count, enable;
  int result;
  if (device == NULL || crc == NULL) return RESBIN_E_ARGUMENT;
  count = resbin_load_words(device);
  if (count == 0) return RESBIN_E_RELOAD;
  result = open_memories(device, &enable, timeout);
  if (result != RESBIN_OK) return result;
  result = check_memories(device, count, crc);
  set(device, RESBIN_CONTROL, enable);
  return result;
}

double resbin_image_score_step(const uint32_t *image) {
  const uint32_t *words = image + RESBIN_IMAGE_SCORE_STEP;
  uint64_t bits = (uint64_t)words[1] << 32 | words[0];
  double step;
  memcpy(&step, &bits, sizeof step);
  return step;
}

/* ---- Counters ---------------------------------------------------------------------------- */

int resbin_read_counters(const struct resbin *device, struct resbin_counters *counters) {
  if (counters == NULL) return RESBIN_E_ARGUMENT;
  /* Reading the lower half latches the upper one. */
  counters->cycles = get(device, RESBIN_CYCLES_LOW);
  counters->cycles |= (uint64_t)get(device, RESBIN_CYCLES_HIGH) << 32;
  counters->images_in = get(device, RESBIN_IMAGES_IN);
  counters->images_out = get(device, RESBIN_IMAGES_OUT);
  counters->short_images = get(device, RESBIN_SHORT_IMAGES);
  counters->long_images = get(device, RESBIN_LONG_IMAGES);
  counters->bad_accesses = get(device, RESBIN_BAD_ACCESSES);
  counters->dropped_images = get(device, RESBIN_DROPPED_IMAGES);
  counters->last_bad_image = get(device, RESBIN_LAST_BAD_IMAGE);
  counters->stalls_in = get(device, RESBIN_STALLS_IN);
  counters->starved_in = get(device, RESBIN_STARVED_IN);
  counters->stalls_out = get(device, RESBIN_STALLS_OUT);
  return RESBIN_OK;
}

int resbin_clear_counters(struct resbin *device) {
  command(device, RESBIN_CONTROL_CLEAR);
  return RESBIN_OK;
}

uint32_t resbin_queues(const struct resbin *device) { return get(device, RESBIN_FIFOS); }

int resbin_high_water(const struct resbin *device, uint32_t index, uint32_t *beats) {
  if (beats == NULL || index >= RESBIN_HIGH_WATER_COUNT || index >= resbin_queues(device)) {
    return RESBIN_E_ARGUMENT;
  }
  *beats = get(device, RESBIN_HIGH_WATER + 4u * index);
  return RESBIN_OK;
}

/* ---- Errors and interrupts --------------------------------------------------------------- */

uint32_t resbin_errors(const struct resbin *device) { return get(device, RESBIN_ERRORS); }

int resbin_clear_errors(struct resbin *device, uint32_t errors) {
  set(device, RESBIN_ERRORS, errors);
  return RESBIN_OK;
}

int resbin_enable_interrupts(struct resbin *device, uint32_t interrupts) {
  set(device, RESBIN_IRQ_ENABLE, interrupts);
  return RESBIN_OK;
}

uint32_t resbin_interrupts(const struct resbin *device) { return get(device, RESBIN_IRQ_STATUS); }

int resbin_acknowledge_interrupts(struct resbin *device, uint32_t interrupts) {
  set(device, RESBIN_IRQ_STATUS, interrupts);
  return RESBIN_OK;
}

/* ---- Packing ----------------------------------------------------------------------------- */

int resbin_pack_image(const struct resbin_design *design, const uint8_t *values, size_t count,
                      uint8_t *bytes, size_t size) {
  const struct resbin_stream *input;
  uint32_t beat, lane, bit;
  if (design == NULL || values == NULL || bytes == NULL || count != resbin_image_values(design) ||
      size < resbin_image_bytes(design)) {
    return RESBIN_E_ARGUMENT;
  }
  input = &design->input;
  if (input->lane_bits > 8) return RESBIN_E_RANGE;
  if (input->lane_bits == 8) {
    memcpy(bytes, values, count);
    return RESBIN_OK;
  }
  memset(bytes, 0, resbin_image_bytes(design));
  for (beat = 0; beat < input->beats; beat++) {
    for (lane = 0; lane < input->lanes; lane++) {
      uint8_t value = *values++;
      uint32_t position = lane * input->lane_bits;
      if (value >> input->lane_bits != 0) return RESBIN_E_RANGE;
      for (bit = 0; bit < input->lane_bits; bit++, position++) {
        if ((value >> bit & 1) != 0) bytes[position / 8] |= (uint8_t)(1u << position % 8);
      }
    }
    bytes += input->beat_bytes;
  }
  return RESBIN_OK;
}

/* The value whose `bits` bits begin at bit `position`, lowest bit first. */
static int64_t value_at(const uint8_t *beat, uint32_t position, uint32_t bits, bool is_signed) {
  uint64_t value = 0;
  uint32_t bit;
  if (position % 8 == 0 && bits % 8 == 0) {
    for (bit = 0; bit < bits; bit += 8) value |= (uint64_t)beat[(position + bit) / 8] << bit;
  } else {
    for (bit = 0; bit < bits; bit++) {
      value |= (uint64_t)(beat[(position + bit) / 8] >> (position + bit) % 8 & 1) << bit;
    }
  }
  if (is_signed && bits < 64 && (value >> (bits - 1) & 1) != 0) {
    /* -(2^bits - value), without a shift of a negative number. */
    return -(int64_t)(((uint64_t)1 << bits) - value);
  }
  if (is_signed && bits == 64 && value >> 63 != 0) return -(int64_t)(~value) - 1;
  return (int64_t)value;
}

static int64_t result_at(const struct resbin_stream *output, const uint8_t *bytes, size_t index) {
  const uint8_t *beat = bytes + index / output->lanes * output->beat_bytes;
  uint32_t position = (uint32_t)(index % output->lanes) * output->container_bits;
  return value_at(beat, position, output->container_bits, output->is_signed != 0);
}

static bool is_result(const struct resbin_design *design, const void *bytes, size_t size) {
  return design != NULL && bytes != NULL && size >= resbin_result_bytes(design);
}

int resbin_unpack_result(const struct resbin_design *design, const uint8_t *bytes, size_t size,
                         int64_t *values, size_t count) {
  size_t index;
  if (!is_result(design, bytes, size) || values == NULL || count != resbin_result_values(design)) {
    return RESBIN_E_ARGUMENT;
  }
  for (index = 0; index < count; index++) values[index] = result_at(&design->output, bytes, index);
  return RESBIN_OK;
}

int resbin_unpack_result32(const struct resbin_design *design, const uint8_t *bytes, size_t size,
                           int32_t *values, size_t count) {
  size_t index;
  if (!is_result(design, bytes, size) || values == NULL || count != resbin_result_values(design)) {
    return RESBIN_E_ARGUMENT;
  }
  if (design->output.lane_bits > (design->output.is_signed != 0 ? 32u : 31u)) return RESBIN_E_RANGE;
  for (index = 0; index < count; index++) {
    values[index] = (int32_t)result_at(&design->output, bytes, index);
  }
  return RESBIN_OK;
}

int resbin_class_of(const struct resbin_design *design, const uint8_t *bytes, size_t size) {
  size_t index, best = 0, count;
  int64_t largest;
  if (!is_result(design, bytes, size)) return RESBIN_E_ARGUMENT;
  count = resbin_result_values(design);
  largest = result_at(&design->output, bytes, 0);
  if (count == 1 && design->output.is_signed == 0) {
    return largest >= 0 && largest <= INT32_MAX ? (int)largest : RESBIN_E_RANGE;
  }
  for (index = 1; index < count; index++) {
    int64_t value = result_at(&design->output, bytes, index);
    if (value > largest) {
      largest = value;
      best = index;
    }
  }
  return best <= INT32_MAX ? (int)best : RESBIN_E_RANGE;
}
