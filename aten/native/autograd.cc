// Autograd: grad mode, requires-grad, backward, gradients.
#include "guard.h"

using namespace transfera;

int8_t tfa_set_grad_enabled(int8_t enabled) {
  int8_t before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled);
  return before;
}

tfa_error tfa_set_requires_grad(tfa_tensor t, int8_t requires_grad) {
  return guarded([&] { tensor(t).requires_grad_(requires_grad); });
}

tfa_error tfa_requires_grad(tfa_tensor t, int8_t *out) {
  return guarded([&] { *out = tensor(t).requires_grad(); });
}

tfa_error tfa_backward(tfa_tensor t) {
  return guarded([&] { tensor(t).backward(); });
}

tfa_error tfa_grad(tfa_tensor t, tfa_tensor *out) {
  return guarded([&] {
    const auto &gradient = tensor(t).grad();
    *out = gradient.defined() ? handle(gradient) : nullptr;
  });
}

tfa_error tfa_clear_grad(tfa_tensor t) {
  return guarded([&] { tensor(t).mutable_grad() = at::Tensor(); });
}
