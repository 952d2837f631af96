// SPDX-License-Identifier: Apache-2.0
//
// What the bench knows of a model: its clock, its reset and its streams. The bench is compiled once
// for each set of compiler flags; a generated file binds a Verilator model to this face.

#ifndef RESBIN_STREAM_BENCH_H_
#define RESBIN_STREAM_BENCH_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "verilated.h"

namespace bench {

/// The wires of one stream, where they lie in the model.
///
/// `data` is little endian whatever Verilator's type for its width (CData … VlWide), and the bits
/// above `width` are zero.
struct Stream {
  const char* name;
  unsigned width;
  void* data;
  CData* valid;
  CData* ready;
  CData* last;

  size_t bytes() const { return (width + 7) / 8; }
};

/// A port of at most 8 bits that holds a value for a whole run.
struct Control {
  const char* name;
  CData* value;
};

/// A model with one clock and any number of streams.
class Model {
 public:
  virtual ~Model() = default;

  /// Settles the model after its inputs or its clock changed.
  virtual void eval() = 0;
  /// Runs the `final` blocks of the design.
  virtual void finalize() = 0;
  /// Starts a waveform file; false where it cannot, or where the model was built without tracing.
  virtual bool openTrace(const char* path) = 0;
  /// Adds the present values to the waveform file.
  virtual void dumpTrace(uint64_t time) = 0;
  /// Ends the waveform file.
  virtual void closeTrace() = 0;

  CData* clock = nullptr;
  CData* reset = nullptr;
  QData* load = nullptr;    // {open, write, address[29:0], data[31:0]}; null: there is no load bus
  IData* loaded = nullptr;  // what stands at the address of two cycles ago
  std::vector<Control> controls;
  std::vector<Stream> sources;  // streams into the design, in port order
  std::vector<Stream> sinks;    // streams out of the design, in port order
  std::vector<Stream> taps;     // streams inside the design, recorded only
};

/// Defined by the generated file.
std::unique_ptr<Model> makeModel(VerilatedContext& context);

}  // namespace bench

#endif  // RESBIN_STREAM_BENCH_H_
