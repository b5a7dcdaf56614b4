// What the files on several processes share: a group of them and its collectives.
#pragma once

#include "guard.h"

#if __has_include(<torch/csrc/distributed/c10d/TCPStore.hpp>)
#define TFA_C10D
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#if TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/distributed/c10d/Backend.hpp>
#endif

namespace transfera {

// libtorch 2 moved the collectives from the process group to its backends.
#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif
using Work = c10::intrusive_ptr<c10d::Work>;

struct Group {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<Backend> backend;
  int64_t rank, size;
};

inline Group &group(tfa_group g) { return *static_cast<Group *>(g); }

// collective runs what talks to the other processes and marks its failure as such, for whoever looks for the culprit.
template <typename Body>
auto collective(Body body) {
  try {
    return body();
  } catch (const c10::Error &e) {
    throw std::runtime_error(std::string(TFA_LOST) + e.what_without_backtrace());
  } catch (const std::exception &e) {
    throw std::runtime_error(std::string(TFA_LOST) + e.what());
  }
}

// launch begins to add a tensor up over all processes, in place.
inline Work launch(Group &g, const at::Tensor &t) {
  std::vector<at::Tensor> tensors{t};
  return collective([&] { return g.backend->allreduce(tensors); });
}

inline void wait(const Work &work) {
  collective([&] { return work->wait(); });
}

}  // namespace transfera

#else

namespace transfera {
inline tfa_error absent() { return message("this libtorch has no c10d, which several processes need"); }
}  // namespace transfera

using transfera::absent;

#endif
