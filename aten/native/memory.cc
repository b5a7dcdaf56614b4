// CPU memory for tensors. libtorch takes every tensor from malloc, which gives large blocks back to the system as soon as
// they are free, so that each training step has its pages made and zeroed anew: on some machines half of a step's time.
// Here freed blocks are kept for the next tensors of about their size, but never so many that the process holds much more
// than its tensors once needed at the same time. malloc's fragments take more than that.
#include <c10/core/impl/alloc_cpu.h>

#include <map>
#include <mutex>
#include <unordered_map>

#include "guard.h"

#ifdef __linux__
#include <sys/mman.h>

namespace {

constexpr size_t page = 4096;
constexpr size_t small_block = 256 << 10;  // malloc keeps blocks below by itself
constexpr size_t always_kept = 64 << 20;   // so little is not worth giving back

class Pool {
 public:
  void *take(size_t bytes) {
    const size_t size = (bytes + page - 1) / page * page;
    std::lock_guard<std::mutex> lock(mutex_);
    void *block = fitting(size);
    if (!block) block = fresh(size);
    if (!block) return nullptr;
    live_ += size_of_[block];
    most_live_ = std::max(most_live_, live_);
    return block;
  }

  // give keeps a block of this pool; false means that block is not from here.
  bool give(void *block) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = size_of_.find(block);
    if (found == size_of_.end()) return false;
    live_ -= found->second;
    free_.emplace(found->second, block);
    return true;
  }

 private:
  using Free = std::multimap<size_t, void *>;

  // fitting takes a free block that wastes at most an eighth.
  void *fitting(size_t size) {
    auto found = free_.lower_bound(size);
    return found != free_.end() && found->first <= size + size / 8 ? remove(found) : nullptr;
  }

  // fresh maps a block. Where that would exceed the limit, free blocks are turned into it or unmapped.
  void *fresh(size_t size) {
    const size_t most = std::max(most_live_, live_ + size);
    // Without the quarter, steps whose tensors have many sizes would still remap most of them.
    const size_t limit = std::max(most + most / 4, always_kept);
    void *block = nullptr;
    if (!free_.empty() && held_ + size > limit) {
      auto nearest = free_.lower_bound(size);
      if (nearest == free_.end()) nearest = std::prev(nearest);
      const size_t before = nearest->first;
      void *old = remove(nearest);
      block = mremap(old, before, size, MREMAP_MAYMOVE);  // keeps the pages that both have
      if (block == MAP_FAILED) {
        block = nullptr;
        munmap(old, before);
      }
      size_of_.erase(old);
      held_ -= before;
    }
    while (!free_.empty() && held_ + size > limit) unmap(std::prev(free_.end()));
    if (!block) block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
      while (!free_.empty()) unmap(free_.begin());
      return nullptr;
    }
    size_of_[block] = size;
    held_ += size;
    return block;
  }

  void *remove(Free::iterator at) {
    void *block = at->second;
    free_.erase(at);
    return block;
  }

  void unmap(Free::iterator at) {
    const size_t size = at->first;
    void *block = remove(at);
    munmap(block, size);
    size_of_.erase(block);
    held_ -= size;
  }

  std::mutex mutex_;
  Free free_;
  std::unordered_map<void *, size_t> size_of_;  // of live and of free blocks
  size_t live_ = 0, held_ = 0, most_live_ = 0;  // bytes in use, in use or free, and ever in use
};

Pool &pool() {
  static auto *p = new Pool;  // never destroyed: tensors may outlive static objects
  return *p;
}

struct Allocator final : at::Allocator {
  at::DataPtr allocate(size_t bytes) const override {
    void *data = bytes < small_block ? c10::alloc_cpu(bytes) : pool().take(bytes);
    TORCH_CHECK(data || bytes == 0, "out of memory: no room for ", bytes, " bytes");
    return {data, data, &release, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

  static void release(void *data) {
    const bool aligned = reinterpret_cast<uintptr_t>(data) % page == 0;
    if (data && !(aligned && pool().give(data))) c10::free_cpu(data);
  }
};

}  // namespace

void tfa_keep_memory(void) {
  static Allocator allocator;
  c10::SetAllocator(at::kCPU, &allocator, 1);
}

#else

void tfa_keep_memory(void) {}

#endif
