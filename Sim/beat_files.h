// SPDX-License-Identifier: Apache-2.0
//
// The files of a run: stimulus that is read before the first clock, records that are written
// through fixed buffers so that no cycle allocates.

#ifndef RESBIN_BEAT_FILES_H_
#define RESBIN_BEAT_FILES_H_

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// A file of the run cannot be read or written.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& what, const std::string& path)
      : std::runtime_error("cannot " + what + " '" + path + "': " + std::strerror(errno)) {}
};

/// Copies one beat; most are a few bytes, where a call of memcpy would cost more than the copy.
inline void copyBeat(void* to, const void* from, size_t bytes) {
  switch (bytes) {
    case 1: std::memcpy(to, from, 1); return;
    case 2: std::memcpy(to, from, 2); return;
    case 3: std::memcpy(to, from, 3); return;
    case 4: std::memcpy(to, from, 4); return;
    case 8: std::memcpy(to, from, 8); return;
    default: std::memcpy(to, from, bytes); return;
  }
}

/// The whole of a file.
inline std::vector<uint8_t> readFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) throw FileError("read", path);
  std::vector<uint8_t> bytes;
  if (std::fseek(file, 0, SEEK_END) == 0) {
    const long size = std::ftell(file);
    std::rewind(file);
    if (size > 0) bytes.resize(static_cast<size_t>(size));
  }
  const size_t got = bytes.empty() ? 0 : std::fread(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  if (got != bytes.size()) throw FileError("read", path);
  return bytes;
}

/// Appends to a file through a buffer of its own.
class RecordFile {
 public:
  explicit RecordFile(std::string path) : path_(std::move(path)), buffer_(capacity) {
    file_ = std::fopen(path_.c_str(), "wb");
    if (!file_) throw FileError("create", path_);
  }
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;
  ~RecordFile() {
    if (file_) std::fclose(file_);
  }

  void put(const void* bytes, size_t count) {
    if (count > capacity - used_) flush();
    if (count > capacity) {
      write(bytes, count);
      return;
    }
    copyBeat(buffer_.data() + used_, bytes, count);
    used_ += count;
  }

  void flush() {
    write(buffer_.data(), used_);
    used_ = 0;
    if (std::fflush(file_) != 0) throw FileError("write", path_);
  }

 private:
  static constexpr size_t capacity = size_t{1} << 16;

  void write(const void* bytes, size_t count) {
    if (count && std::fwrite(bytes, 1, count, file_) != count) throw FileError("write", path_);
  }

  std::string path_;
  std::vector<uint8_t> buffer_;
  std::FILE* file_ = nullptr;
  size_t used_ = 0;
};

}  // namespace bench

#endif  // RESBIN_BEAT_FILES_H_
