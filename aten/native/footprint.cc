// What the process holds, for tests that look for leaks.
#include <mutex>
#include <unordered_map>

#include "allocator.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

c10::Allocator *inner = nullptr;  // libtorch's own
std::mutex mutex;
std::unordered_map<void *, size_t> live;  // blocks of ours, with their bytes
int64_t live_bytes = 0;

void release(void *block) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = live.find(block);
    if (found != live.end()) {
      live_bytes -= static_cast<int64_t>(found->second);
      live.erase(found);
    }
  }
  inner->raw_deallocate(block);
}

void *counted(size_t bytes) {
  auto *block = inner->raw_allocate(bytes);
  if (block) {
    std::lock_guard<std::mutex> lock(mutex);
    live[block] = bytes;
    live_bytes += static_cast<int64_t>(bytes);
  }
  return block;
}

}  // namespace

void tfa_count_tensors(void) {
  static std::once_flag once;
  std::call_once(once, [] {
    inner = c10::GetAllocator(c10::kCPU);
    c10::SetAllocator(c10::kCPU, new transfera::BlockAllocator<counted, release>, 255);
  });
}

void tfa_footprint(int64_t *tensors, int64_t *tensor_bytes, int64_t *heap) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    *tensors = static_cast<int64_t>(live.size());
    *tensor_bytes = live_bytes;
  }
  *heap = -1;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const auto info = mallinfo2();
  *heap = static_cast<int64_t>(info.uordblks + info.hblkhd) + tfa_pooled_bytes();
#endif
}
