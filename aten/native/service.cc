// Services: threads, versions, devices.
#include "guard.h"

void tfa_set_threads(int32_t threads) { at::set_num_threads(threads); }

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
