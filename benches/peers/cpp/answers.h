// What a client needs of an OrderEntryResponse, without an object for each report: how many
// reports there are, how many of them are refusals, and the last command that was processed.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <vector>

struct Answers {
  long processed = 0, reports = 0, refused = 0;
};

class Wire {
 public:
  Wire(const uint8_t* at, const uint8_t* end) : at_(at), end_(end) {}
  bool More() const { return at_ < end_; }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; at_ < end_ && shift < 64; shift += 7) {
      uint8_t byte = *at_++;
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  }
  Wire Part() {
    uint64_t size = Varint();
    const uint8_t* begin = at_;
    at_ = size > static_cast<uint64_t>(end_ - at_) ? end_ : at_ + size;
    return Wire(begin, at_);
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

// Fields 1 to 5 of a report are varints and come first: field 6 is the type of execution.
inline bool Refused(Wire report) {
  constexpr uint64_t kExecType = 6 << 3, kRejected = 8;
  while (report.More()) {
    uint64_t tag = report.Varint();
    if ((tag & 7) != 0) return false;
    uint64_t value = report.Varint();
    if (tag >= kExecType) return tag == kExecType && value == kRejected;
  }
  return false;
}

inline Answers Scan(const grpc::ByteBuffer& buffer) {
  Answers found;
  grpc::Slice whole;
  if (!buffer.TrySingleSlice(&whole).ok() && !buffer.DumpToSingleSlice(&whole).ok()) return found;
  Wire message(whole.begin(), whole.end());
  while (message.More()) {
    uint64_t tag = message.Varint();
    if (tag == (2 << 3 | 2)) {
      found.refused += Refused(message.Part());
      ++found.reports;
    } else if ((tag & 7) == 2) {
      message.Part();
    } else {
      uint64_t value = message.Varint();
      if (tag == 3 << 3) found.processed = static_cast<long>(value);
    }
  }
  return found;
}
