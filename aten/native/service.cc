// Services: threads, versions, devices.
#include <dlfcn.h>

#include <algorithm>

#include "guard.h"

// libtorch hands matrix products to whatever BLAS is installed. OpenBLAS, Debian's, has threads of its own, which libtorch does
// not bound: as many as there are cores, who wait by spinning and take the caller's lock, so that two products at a time
// are many times slower than one after the other.
void tfa_set_threads(int32_t threads) {
  at::set_num_threads(threads);
  static const auto set_blas_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set_blas_threads) set_blas_threads(threads);
}

// gotorch's init asks for half as many threads as there are cores, and libtorch aborts where that is none. Its own definition
// is set aside when the two halves are compiled (scripts/setup.sh).
extern "C" void SetNumThreads(int32_t threads) { at::set_num_threads(std::max(threads, 1)); }

int32_t tfa_threads(void) { return at::get_num_threads(); }

const char *tfa_libtorch_version(void) { return TORCH_VERSION; }

int8_t tfa_cuda_built(void) {
#ifdef WITH_CUDA
  return 1;
#else
  return 0;
#endif
}

int8_t tfa_cuda_available(void) { return torch::cuda::is_available(); }
