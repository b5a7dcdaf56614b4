// Infinities and what is no number.
#include <cmath>

#include "guard.h"

using namespace transfera;

tfa_error tfa_first_not_finite(const tfa_tensor *tensors, int64_t count, int64_t *out) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    *out = -1;
    for (int64_t i = 0; i < count; i++) {
      const auto &t = tensor(tensors[i]);
      if (!t.is_floating_point() || std::isfinite(t.sum().item<double>())) continue;  // one pass, and mostly the only one
      if (!t.isfinite().all().item<bool>()) {  // else the sum overflowed, not the values
        *out = i;
        return;
      }
    }
  });
}
