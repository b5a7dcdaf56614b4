// An allocator of CPU tensors made of two functions.
#pragma once

#include "guard.h"

namespace transfera {

// Blocks are their own context, since oneDNN's scratch is asked for without a DataPtr.
template <void *(*take)(size_t bytes), void (*give_back)(void *block)>
class BlockAllocator final : public c10::Allocator {
 public:
  // libtorch before 2.3 asks for the first, and since then for the second and copy_data.
  c10::DataPtr allocate(size_t bytes) const { return wrapped(bytes); }
  c10::DataPtr allocate(size_t bytes) { return wrapped(bytes); }
  void copy_data(void *to, const void *from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return give_back; }

 private:
  static c10::DataPtr wrapped(size_t bytes) {
    auto *block = take(bytes);
    return {block, block, give_back, c10::Device(c10::kCPU)};
  }
};

}  // namespace transfera
