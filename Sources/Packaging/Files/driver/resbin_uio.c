/* SPDX-License-Identifier: Apache-2.0
 *
 * See resbin_uio.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "resbin_uio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int resbin_uio_open(struct resbin_uio *uio, const char *path, size_t bytes) {
  int error;
  if (uio == NULL || path == NULL || bytes == 0) return RESBIN_E_ARGUMENT;
  uio->bytes = bytes;
  uio->base = NULL;
  uio->file = open(path, O_RDWR | O_SYNC);
  if (uio->file < 0) return RESBIN_E_SYSTEM;
  /* Offset 0 is the first memory of the device. */
  uio->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, uio->file, 0);
  if (uio->base != MAP_FAILED) return RESBIN_OK;
  error = errno;
  close(uio->file);
  uio->file = -1;
  uio->base = NULL;
  errno = error;
  return RESBIN_E_SYSTEM;
}

int resbin_uio_close(struct resbin_uio *uio) {
  bool ok = true;
  if (uio->base != NULL) ok = munmap(uio->base, uio->bytes) == 0;
  if (uio->file >= 0) ok = close(uio->file) == 0 && ok;
  uio->base = NULL;
  uio->file = -1;
  return ok ? RESBIN_OK : RESBIN_E_SYSTEM;
}

static uint32_t microseconds(void *context) {
  struct timespec now;
  (void)context;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

struct resbin_bus resbin_uio_bus(const struct resbin_uio *uio) {
  struct resbin_bus bus = resbin_memory_bus(uio->base);
  bus.ticks = microseconds;
  return bus;
}

int resbin_uio_wait(struct resbin_uio *uio, struct resbin *device, int milliseconds,
                    uint32_t *interrupts) {
  const uint32_t unmask = 1;
  uint32_t count;
  struct pollfd event = {0, POLLIN, 0};
  int ready;
  event.fd = uio->file;
  /* The kernel masked the line when it came up last, and unmasks it here. The line is a level:
   * what came in between is still there and comes at once. */
  if (write(uio->file, &unmask, sizeof unmask) != (ssize_t)sizeof unmask) return RESBIN_E_SYSTEM;
  do {
    ready = poll(&event, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return RESBIN_E_TIMEOUT;
  if (ready < 0 || read(uio->file, &count, sizeof count) != (ssize_t)sizeof count) {
    return RESBIN_E_SYSTEM;
  }
  count = resbin_interrupts(device);
  resbin_acknowledge_interrupts(device, count);
  if (interrupts != NULL) *interrupts = count;
  return RESBIN_OK;
}
