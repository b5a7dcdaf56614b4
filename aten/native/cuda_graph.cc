// Captured steps: one launch for all kernels of a step. scripts/setup.sh defines TRANSFERA_CUDA_GRAPHS where this file alone
// compiles with it.
#include "accelerator.h"
#include "guard.h"

#ifdef TRANSFERA_CUDA_GRAPHS

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace {

// Capture is a graph, and while it is recorded the stream to go back to.
struct Capture {
  at::cuda::CUDAGraph graph;
  c10::cuda::CUDAStream before, recording;
  bool open = false;

  Capture(c10::cuda::CUDAStream before, c10::cuda::CUDAStream recording) : before(before), recording(recording) {}

  void end() {
    open = false;
    c10::cuda::setCurrentCUDAStream(before);
    // CUDA ends a capture on the thread and with the stream that began it.
    c10::cuda::CUDAStreamGuard guard(recording);
    graph.capture_end();
  }

  ~Capture() {
    if (!open) return;
    try {
      end();
    } catch (...) {  // the capture was broken by what was captured, and that was reported
    }
  }
};

Capture &capture(tfa_graph g) { return *static_cast<Capture *>(g); }

}  // namespace

void tfa_graph_missing(tfa_error *reason) { *reason = nullptr; }

tfa_error tfa_graph_begin(const char *device, tfa_graph *out) {
  return transfera::guarded([&] {
    const auto index = at::Device(std::string(device)).index();
    // What still runs must not see its memory given away, and a capture can't use memory cached for other streams.
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();
    auto c = std::make_unique<Capture>(c10::cuda::getCurrentCUDAStream(index), c10::cuda::getStreamFromPool(false, index));
    c10::cuda::setCurrentCUDAStream(c->recording);
    try {
      c->graph.capture_begin();
    } catch (...) {
      c10::cuda::setCurrentCUDAStream(c->before);
      throw;
    }
    c->open = true;
    *out = c.release();
  });
}

tfa_error tfa_graph_end(tfa_graph g) {
  return transfera::guarded([&] { capture(g).end(); });
}

tfa_error tfa_graph_replay(tfa_graph g) {
  return transfera::guarded([&] { capture(g).graph.replay(); });
}

void tfa_graph_free(tfa_graph g) { delete static_cast<Capture *>(g); }

#else

namespace {
const char *const no_graphs = "this build of the native half has no CUDA graphs: scripts/setup.sh found no CUDA headers for them";
}

void tfa_graph_missing(tfa_error *reason) { *reason = transfera::message(no_graphs); }
tfa_error tfa_graph_begin(const char *, tfa_graph *) { return transfera::message(no_graphs); }
tfa_error tfa_graph_end(tfa_graph) { return transfera::message(no_graphs); }
tfa_error tfa_graph_replay(tfa_graph) { return transfera::message(no_graphs); }
void tfa_graph_free(tfa_graph) {}

#endif
