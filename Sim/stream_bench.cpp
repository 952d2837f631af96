// SPDX-License-Identifier: Apache-2.0
//
// The testbench of every design: drives the streams that enter, takes the streams that leave, and
// writes down each beat with its cycle. Sim/README.md describes its command line and its files.
//
// A clock has two evaluations. The inputs of cycle n change with the falling edge before it; what
// is valid and ready then is what the rising edge transfers.

#include "stream_bench.h"

#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>

#include "beat_files.h"
#include "bench_print.h"
#include "stall_gate.h"

namespace bench {
namespace {

/// Text that the design printed in the present evaluation.
std::string printed;

/// The design asked to stop: $error, $fatal, $stop, $finish or a failed assertion.
struct DesignStopped {
  std::string message;
};

[[noreturn]] void stopDesign(const char* file, int line, const char* what) {
  std::string message = printed;
  while (!message.empty() && message.back() == '\n') message.pop_back();
  if (message.empty() || what[0] != '\0') {
    if (!message.empty()) message += "\n";
    if (file && file[0]) message += std::string(file) + ":" + std::to_string(line) + ": ";
    message += what[0] ? what : "$stop";
  }
  throw DesignStopped{message};
}

struct Options {
  std::string folder = "bench";
  std::vector<uint64_t> expected;     // beats of each output
  std::vector<uint64_t> expectedTap;  // beats of each tap that are waited for; none, or all of them
  StallGate::Kind sourceGate = StallGate::Kind::open;
  StallGate::Kind sinkGate = StallGate::Kind::open;
  bool patientSinks = false;  // ready only in answer to valid
  uint64_t seed = 1;
  uint64_t maximumCycles = UINT64_MAX;
  uint64_t quietCycles = 1000000;
  uint64_t drainCycles = 64;
  uint64_t resetCycles = 8;
  std::vector<std::pair<std::string, uint64_t>> controls;  // name and value
  std::string load;  // a file of 32-bit words for the memories
  std::string trace;
};

[[noreturn]] void usageError(const std::string& message) {
  std::fprintf(stderr, "stream_bench: %s\n", message.c_str());
  std::exit(2);
}

uint64_t number(const std::string& option, const char* text) {
  char* end = nullptr;
  errno = 0;
  const uint64_t value = std::strtoull(text, &end, 10);
  if (errno || end == text || *end) usageError(option + " needs a number, not '" + text + "'");
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 == argc) usageError(option + " needs a value");
    const char* const value = argv[i + 1];
    if (option == "--folder") {
      options.folder = value;
    } else if (option == "--expect") {
      options.expected.push_back(number(option, value));
    } else if (option == "--expect-tap") {
      options.expectedTap.push_back(number(option, value));
    } else if (option == "--stalls") {
      const std::string stalls = value;
      using Kind = StallGate::Kind;
      if (stalls == "source") {
        options.sourceGate = Kind::sparse;
      } else if (stalls == "sink") {
        options.sinkGate = Kind::sparse;
      } else if (stalls == "random") {
        options.sourceGate = options.sinkGate = Kind::bursts;
      } else if (stalls == "patient") {
        options.patientSinks = true;
      } else if (stalls != "none") {
        usageError("--stalls is none, source, sink, random or patient, not '" + stalls + "'");
      }
    } else if (option == "--seed") {
      options.seed = number(option, value);
    } else if (option == "--max-cycles") {
      options.maximumCycles = number(option, value);
    } else if (option == "--quiet-cycles") {
      options.quietCycles = number(option, value);
    } else if (option == "--drain-cycles") {
      options.drainCycles = number(option, value);
    } else if (option == "--reset-cycles") {
      options.resetCycles = number(option, value);
    } else if (option == "--set") {
      const char* const equals = std::strchr(value, '=');
      if (!equals) usageError("--set needs NAME=VALUE, not '" + std::string(value) + "'");
      options.controls.emplace_back(std::string(value, equals), number(option, equals + 1));
    } else if (option == "--load") {
      options.load = value;
    } else if (option == "--trace") {
      options.trace = value;
    } else {
      usageError("unknown option '" + option + "'");
    }
  }
  return options;
}

/// The seed of one stream: sources count from 0, sinks from 1,000.
uint64_t streamSeed(uint64_t seed, size_t index) {
  return seed * 0x9E3779B97F4A7C15u + index;
}

/// Offers beats; holds each until it is taken, and drives noise while it has nothing to offer.
class Source {
 public:
  Source(const Stream& wires, const std::string& path, StallGate::Kind gate, uint64_t seed)
      : wires_(wires),
        bytes_(wires.bytes()),
        topMask_(static_cast<uint8_t>(0xFF >> (8 * bytes_ - wires.width))),
        data_(readFile(path + ".data")),
        last_(readFile(path + ".last")),
        gate_(gate, seed),
        noise_(~seed),
        cycles_(path + ".cycles") {
    if (data_.size() != last_.size() * bytes_) {
      usageError(path + ".data has " + std::to_string(data_.size()) + " bytes; " +
                 std::to_string(last_.size()) + " beats of " + std::to_string(bytes_) +
                 " bytes were expected");
    }
  }

  bool done() const { return next_ == last_.size(); }

  void drive() {
    const bool open = gate_.next();
    if (offered_) return;
    if (open && !done()) {
      copyBeat(wires_.data, &data_[next_ * bytes_], bytes_);
      *wires_.last = last_[next_];
      *wires_.valid = 1;
      offered_ = true;
    } else if (*wires_.valid || !idle_) {
      *wires_.valid = 0;
      idle_ = true;
      driveNoise();
    }
  }

  bool sample(uint64_t cycle) {
    if (!offered_ || !*wires_.ready) return false;
    cycles_.put(&cycle, sizeof cycle);
    offered_ = false;
    ++next_;
    return true;
  }

  void flush() { cycles_.flush(); }

 private:
  void driveNoise() {
    uint8_t* const data = static_cast<uint8_t*>(wires_.data);
    for (size_t i = 0; i < bytes_; ++i) data[i] = static_cast<uint8_t>(noise_.next() >> 56);
    data[bytes_ - 1] &= topMask_;
    *wires_.last = static_cast<CData>(noise_.next() >> 63);
  }

  Stream wires_;
  size_t bytes_;
  uint8_t topMask_;
  std::vector<uint8_t> data_;
  std::vector<uint8_t> last_;
  StallGate gate_;
  Random noise_;
  RecordFile cycles_;
  size_t next_ = 0;
  bool offered_ = false;
  bool idle_ = false;
};

/// Writes down the beats of a stream.
class Recorder {
 public:
  Recorder(const Stream& wires, const std::string& path)
      : wires_(wires),
        bytes_(wires.bytes()),
        data_(path + ".data"),
        last_(path + ".last"),
        cycles_(path + ".cycles") {}

  const Stream& wires() const { return wires_; }
  bool offered() const { return *wires_.valid; }
  bool transferred() const { return *wires_.valid && *wires_.ready; }

  uint64_t count() const { return count_; }

  void record(uint64_t cycle) {
    ++count_;
    data_.put(wires_.data, bytes_);
    last_.put(wires_.last, 1);
    cycles_.put(&cycle, sizeof cycle);
  }

  void flush() {
    data_.flush();
    last_.flush();
    cycles_.flush();
  }

 private:
  Stream wires_;
  size_t bytes_;
  uint64_t count_ = 0;
  RecordFile data_;
  RecordFile last_;
  RecordFile cycles_;
};

/// Takes beats when its gate is open.
struct Sink {
  Sink(const Stream& wires, const std::string& path, StallGate::Kind kind, uint64_t seed,
       uint64_t expected)
      : recorder(wires, path), gate(kind, seed), missing(expected) {}

  Recorder recorder;
  StallGate gate;
  uint64_t missing;
};

/// How a run ended: a word, the stream or the cycle it is about, and a text.
struct Outcome {
  const char* status;
  std::string subject;
  std::string message;
};

class Bench {
 public:
  Bench(const Options& options, VerilatedContext& context, Model& model)
      : options_(options), context_(context), model_(model) {
    const std::string folder = options.folder + "/";
    if (options.expected.size() != model.sinks.size()) {
      usageError("--expect is given " + std::to_string(options.expected.size()) + " times; " +
                 std::to_string(model.sinks.size()) + " outputs were expected");
    }
    if (!options.expectedTap.empty() && options.expectedTap.size() != model.taps.size()) {
      usageError("--expect-tap is given " + std::to_string(options.expectedTap.size()) +
                 " times; " + std::to_string(model.taps.size()) + " taps were expected");
    }
    for (size_t i = 0; i < model.sources.size(); ++i) {
      sources_.push_back(std::make_unique<Source>(
          model.sources[i], folder + "source" + std::to_string(i), options.sourceGate,
          streamSeed(options.seed, i)));
    }
    for (size_t i = 0; i < model.sinks.size(); ++i) {
      sinks_.push_back(std::make_unique<Sink>(
          model.sinks[i], folder + "sink" + std::to_string(i), options.sinkGate,
          streamSeed(options.seed, 1000 + i), options.expected[i]));
    }
    for (size_t i = 0; i < model.taps.size(); ++i) {
      taps_.push_back(
          std::make_unique<Recorder>(model.taps[i], folder + "tap" + std::to_string(i)));
    }
  }

  Outcome run() {
    try {
      reset();
      Outcome outcome = stream();
      model_.finalize();
      return outcome;
    } catch (const DesignStopped& stopped) {
      return {"assertion_failed", "", stopped.message};
    }
  }

  /// Writes the last records and, as the last of all, the result.
  void finish(const Outcome& outcome) {
    reportProgress();
    if (tracing_) model_.closeTrace();
    for (auto& source : sources_) source->flush();
    for (auto& sink : sinks_) sink->recorder.flush();
    for (auto& tap : taps_) tap->flush();
    RecordFile result(options_.folder + "/result.txt");
    const std::string text = std::string("status ") + outcome.status + "\ncycles " +
                             std::to_string(cycle_) + "\nsubject " + outcome.subject +
                             "\nmessage\n" + outcome.message;
    result.put(text.data(), text.size());
    result.flush();
  }

 private:
  void settle() {
    if (!printed.empty()) printed.clear();
    model_.eval();
  }

  void edge(CData level) {
    *model_.clock = level;
    settle();
    if (level == 0 && options_.patientSinks) {
      for (auto& sink : sinks_) *sink->recorder.wires().ready = sink->recorder.offered();
      settle();
    }
    if (tracing_) model_.dumpTrace(context_.time());
    context_.timeInc(5);
  }

  void reset() {
    if (!options_.trace.empty()) {
      tracing_ = model_.openTrace(options_.trace.c_str());
      if (!tracing_) usageError("--trace: cannot write '" + options_.trace + "'");
    }
    *model_.reset = 1;
    for (uint64_t i = 0; i < options_.resetCycles; ++i) {
      edge(0);
      edge(1);
    }
    if (!options_.load.empty()) load(readFile(options_.load));
    *model_.reset = 0;
  }

  /// Writes the memories, and reads back what then stands there.
  void load(const std::vector<uint8_t>& bytes) {
    if (!model_.load) usageError("--load: the model has no load bus");
    const size_t words = bytes.size() / 4;
    for (const bool writes : {true, false}) {
      for (size_t address = 0; address < words; ++address) {
        uint32_t word;
        std::memcpy(&word, &bytes[4 * address], 4);
        *model_.load = (writes ? 3ull : 2ull) << 62 | static_cast<QData>(address) << 32 | word;
        for (int cycle = 0; cycle < (writes ? 1 : 2); ++cycle) {
          edge(0);
          edge(1);
        }
        if (!writes && *model_.loaded != word) {
          throw DesignStopped{"word " + std::to_string(address) + " of the memories is " +
                              std::to_string(*model_.loaded) + " after " + std::to_string(word) +
                              " was loaded"};
        }
      }
    }
    *model_.load = 0;
  }

  Outcome stream() {
    uint64_t completed = 0;  // cycles since the last expected beat
    for (;; ++cycle_) {
      if (cycle_ == options_.maximumCycles) return {"timed_out", "", ""};
      if ((cycle_ & 0xFFFF) == 0 && (images_ != reported_ || (cycle_ & 0xFFFFF) == 0)) {
        reportProgress();
      }

      for (auto& source : sources_) source->drive();
      for (auto& sink : sinks_) {
        *sink->recorder.wires().ready = sink->gate.next() && !options_.patientSinks;
      }
      edge(0);

      bool moved = false;
      bool complete = true;
      for (auto& source : sources_) {
        moved |= source->sample(cycle_);
        complete &= source->done();
      }
      for (size_t i = 0; i < sinks_.size(); ++i) {
        Sink& sink = *sinks_[i];
        if (sink.recorder.offered()) {
          if (sink.missing == 0) return {"extra_beat", sink.recorder.wires().name, ""};
          if (*sink.recorder.wires().ready) {
            sink.recorder.record(cycle_);
            --sink.missing;
            moved = true;
            if (i == 0 && *sink.recorder.wires().last) ++images_;
          }
        }
        complete &= sink.missing == 0;
      }
      for (size_t i = 0; i < taps_.size(); ++i) {
        if (taps_[i]->transferred()) {
          taps_[i]->record(cycle_);
          moved = true;
        }
        if (!options_.expectedTap.empty()) complete &= taps_[i]->count() >= options_.expectedTap[i];
      }

      edge(1);
      if (moved) {
        moved_ = true;
        lastTransfer_ = cycle_;
      }
      if (complete) {
        if (completed++ == options_.drainCycles) {
          ++cycle_;
          return {"finished", "", ""};
        }
      } else if (cycle_ - lastTransfer_ >= options_.quietCycles) {
        ++cycle_;
        return {"deadlock", moved_ ? std::to_string(lastTransfer_) : "", ""};
      }
    }
  }

  /// One line for the caller; a caller that is gone ends the run.
  void reportProgress() {
    reported_ = images_;
    std::fprintf(stdout, "images %llu cycles %llu\n", static_cast<unsigned long long>(images_),
                 static_cast<unsigned long long>(cycle_));
    if (std::fflush(stdout) != 0) std::_Exit(3);
  }

  const Options& options_;
  VerilatedContext& context_;
  Model& model_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::unique_ptr<Recorder>> taps_;
  bool tracing_ = false;
  bool moved_ = false;
  uint64_t lastTransfer_ = 0;
  uint64_t cycle_ = 0;
  uint64_t images_ = 0;
  uint64_t reported_ = 0;
};

}  // namespace
}  // namespace bench

extern "C" int bench_printf(const char* format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (bench::printed.size() < 65536) bench::printed += text;
  std::fputs(text, stderr);
  return length;
}

// Verilator calls these; its own would end the process, or go on after a warning, which here is
// most of all a memory file that does not exist.
void vl_finish(const char* file, int line, const char*) {
  bench::stopDesign(file, line, "$finish");
}
void vl_stop(const char* file, int line, const char*) {
  bench::stopDesign(file, line, "");
}
void vl_fatal(const char* file, int line, const char*, const char* message) {
  bench::stopDesign(file, line, message);
}
void vl_warn(const char* file, int line, const char*, const char* message) {
  bench::stopDesign(file, line, message);
}

int main(int argc, char** argv) {
  // A caller's thread may have left its own signal mask to this process.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  const bench::Options options = bench::parse(argc, argv);
  try {
    VerilatedContext context;
    // State that no reset reaches starts at random, where the model was built for it.
    context.randReset(2);
    context.randSeed(static_cast<int>(options.seed & 0x7FFFFFFE) + 1);
    std::unique_ptr<bench::Model> model = bench::makeModel(context);
    if (model->load) *model->load = 0;
    for (const auto& [name, value] : options.controls) {
      bench::Control* found = nullptr;
      for (bench::Control& control : model->controls) {
        if (name == control.name) found = &control;
      }
      if (!found) bench::usageError("the model has no control '" + name + "'");
      *found->value = static_cast<CData>(value);
    }
    bench::Bench bench(options, context, *model);
    bench.finish(bench.run());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stream_bench: %s\n", error.what());
    return 3;
  }
  // The model's own teardown would only cost time.
  std::fflush(stdout);
  std::_Exit(0);
}
