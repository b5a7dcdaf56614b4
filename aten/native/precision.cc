// Number formats: autocast to bfloat16, TF32.
#include <ATen/autocast_mode.h>

#include "accelerator.h"
#include "guard.h"

using namespace transfera;

tfa_error tfa_autocast(const char *device, int8_t enabled) {
  return guarded([&] {
    const auto type = at::Device(std::string(device)).type();
    const bool cuda = type == at::kCUDA;
    TORCH_CHECK(cuda || type == at::kCPU, "no autocast on ", device);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_dtype(type, at::kBFloat16);
    at::autocast::set_autocast_enabled(type, enabled);
#else
    if (cuda) {
      at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
      at::autocast::set_enabled(enabled);
    } else {
      at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
      at::autocast::set_cpu_enabled(enabled);
    }
#endif
    if (!enabled) at::autocast::clear_cache();  // the next step has other weights
  });
}

void tfa_allow_tf32(int8_t allowed) {
  at::globalContext().setAllowTF32CuBLAS(allowed);
  at::globalContext().setAllowTF32CuDNN(allowed);
}

void tfa_tune_convolutions(int8_t enabled) { at::globalContext().setBenchmarkCuDNN(enabled); }
