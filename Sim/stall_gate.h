// SPDX-License-Identifier: Apache-2.0
//
// When a stream may move. StallGate.swift is the same machine: a test compares the two bit by bit.

#ifndef RESBIN_STALL_GATE_H_
#define RESBIN_STALL_GATE_H_

#include <cstdint>

namespace bench {

/// xorshift64*, seeded through splitmix64 so that neighbouring seeds differ in every bit.
class Random {
 public:
  explicit Random(uint64_t seed) {
    uint64_t z = seed + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    state_ = (z ^ (z >> 31)) | 1;
  }

  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Du;
  }

 private:
  uint64_t state_;
};

/// Says once a cycle whether a source may offer its next beat, or whether a sink is ready.
///
/// It depends on the cycle number alone, never on the design, so that two designs under the same
/// seed see the same stalls.
class StallGate {
 public:
  enum class Kind {
    open,    // every cycle
    sparse,  // one cycle in four, at random
    bursts,  // runs of 1 to 32 cycles: open, closed, one in two, one in four
  };

  StallGate(Kind kind, uint64_t seed) : kind_(kind), random_(seed) {}

  bool next() {
    if (kind_ == Kind::open) return true;
    const uint64_t bits = random_.next();
    if (kind_ == Kind::sparse) return (bits >> 62) == 0;
    if (left_ == 0) {
      left_ = 1 + ((bits >> 32) & 31);
      mode_ = (bits >> 40) & 3;
    }
    --left_;
    switch (mode_) {
      case 0: return true;
      case 1: return false;
      case 2: return (bits >> 63) == 0;
      default: return (bits >> 62) == 0;
    }
  }

 private:
  Kind kind_;
  Random random_;
  uint64_t left_ = 0;
  uint64_t mode_ = 0;
};

}  // namespace bench

#endif  // RESBIN_STALL_GATE_H_
