// SPDX-License-Identifier: Apache-2.0

// The system's libpng, the reference library for PNG pictures.
#include <png.h>
