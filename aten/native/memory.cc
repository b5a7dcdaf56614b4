// Memory for large tensors on the CPU is kept for the next ones, but never more of it than tensors that lived together have
// taken. malloc by itself gives it back at once, so that every training step has its pages made and zeroed anew, up to half of
// a step's time on some machines; told to keep it, it does so in a heap with holes, whose peak may be half as large again and
// differs from run to run.
#include <map>
#include <mutex>
#include <unordered_map>

#include "allocator.h"

#ifdef __linux__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr size_t large = 1 << 20;  // smaller tensors are malloc's, which keeps those

class Pool {
 public:
  void *take(size_t bytes) {
    const size_t size = (bytes + page - 1) / page * page;
    std::lock_guard<std::mutex> lock(mutex);
    void *block = nullptr;
    auto found = unused.lower_bound(size);
    if (found != unused.end()) {
      block = split(found, size);
    } else if (!unused.empty()) {
      block = grow(std::prev(found), size);
    }
    if (!block) {
      release(size);
      block = map(size);
    }
    if (!block) {
      release_all();
      block = map(size);
      if (!block) return nullptr;
    }
    used[block] = size;
    used_bytes += size;
    most = std::max(most, used_bytes);
    return block;
  }

  // empty gives all unused blocks back, and forgets how much was used.
  void empty() {
    std::lock_guard<std::mutex> lock(mutex);
    most = 0;
    release_all();
  }

  int64_t bytes() {
    std::lock_guard<std::mutex> lock(mutex);
    return static_cast<int64_t>(used_bytes);
  }

  // give says whether the block is one of ours.
  bool give(void *block) {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = used.find(block);
    if (found == used.end()) return false;
    used_bytes -= found->second;
    keep(block, found->second);
    used.erase(found);
    return true;
  }

 private:
  using Unused = std::multimap<size_t, void *>;

  void keep(void *block, size_t size) {
    unused.emplace(size, block);
    unused_bytes += size;
  }

  void *drop(Unused::iterator which) {
    void *block = which->second;
    unused_bytes -= which->first;
    unused.erase(which);
    return block;
  }

  // split takes the first part of an unused block.
  void *split(Unused::iterator which, size_t size) {
    const size_t rest = which->first - size;
    auto *block = static_cast<char *>(drop(which));
    if (rest >= large) {
      keep(block + size, rest);
    } else if (rest > 0) {
      munmap(block + size, rest);
    }
    return block;
  }

  // grow takes a smaller unused block with its pages, and as many new ones as it lacks; null if the system has no more.
  void *grow(Unused::iterator which, size_t size) {
    const size_t old = which->first;
    void *block = drop(which);
    release(size);
    void *grown = mremap(block, old, size, MREMAP_MAYMOVE);
    if (grown != MAP_FAILED) return grown;
    munmap(block, old);
    return nullptr;
  }

  // release gives unused blocks back, the smallest first, until so many more bytes in use are no more than there ever were.
  void release(size_t more) {
    const size_t limit = std::max(most, used_bytes + more);
    while (!unused.empty() && used_bytes + more + unused_bytes > limit) release_smallest();
  }

  void release_all() {
    while (!unused.empty()) release_smallest();
  }

  void release_smallest() {
    const size_t size = unused.begin()->first;
    munmap(drop(unused.begin()), size);
  }

  static void *map(size_t size) {
    void *block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? nullptr : block;
  }

  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::mutex mutex;
  std::unordered_map<void *, size_t> used;
  Unused unused;
  size_t used_bytes = 0, unused_bytes = 0, most = 0;
};

Pool *pool = nullptr;                // never freed: tensors may outlive everything
c10::Allocator *unpooled = nullptr;  // libtorch's own

void give_back(void *block) {
  if (block && !pool->give(block)) unpooled->raw_deallocate(block);
}

void *pooled(size_t bytes) {
  void *block = bytes >= large ? pool->take(bytes) : nullptr;
  return block ? block : unpooled->raw_allocate(bytes);  // which says so if there is no memory
}

}  // namespace
#endif

void tfa_pool_memory(void) {
#ifdef __linux__
  pool = new Pool;
  unpooled = c10::GetAllocator(c10::kCPU);
  c10::SetAllocator(c10::kCPU, new transfera::BlockAllocator<pooled, give_back>, 254);  // below the one that counts
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, large);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
#endif
}

void tfa_release_memory(void) {
#ifdef __linux__
  pool->empty();
#endif
}

int64_t tfa_pooled_bytes(void) {
#ifdef __linux__
  return pool->bytes();
#else
  return 0;
#endif
}
