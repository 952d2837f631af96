// SPDX-License-Identifier: Apache-2.0

// The system's zlib, the compression library.
#include <zlib.h>
