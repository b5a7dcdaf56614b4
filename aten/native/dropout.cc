// Dropout, of elements and of whole samples. Masks are drawn on the CPU, so that they depend on neither device nor threads.
#include "guard.h"

using namespace transfera;

namespace {

// thinned multiplies a by a mask of the given shape: 0 with the given probability, otherwise 1 / (1 - probability).
at::Tensor thinned(const at::Tensor &a, at::IntArrayRef shape, double probability, at::Generator g) {
  TORCH_CHECK(probability >= 0 && probability < 1, "dropout of probability ", probability, " is not in [0, 1)");
  const double keep = 1 - probability;
  auto mask = at::empty(shape, a.options().device(at::kCPU).requires_grad(false));
  mask.bernoulli_(keep, g).div_(keep);
  return a.mul(mask.to(a.device()));
}

}  // namespace

tfa_error tfa_dropout(tfa_tensor a, double probability, tfa_generator g, tfa_tensor *out) {
  return returning(out, [&] { return thinned(tensor(a), tensor(a).sizes(), probability, generator(g)); });
}

tfa_error tfa_stochastic_depth(tfa_tensor a, double probability, tfa_generator g, tfa_tensor *out) {
  return returning(out, [&] {
    TORCH_CHECK(tensor(a).dim() > 0, "stochastic depth of a scalar");
    std::vector<int64_t> shape(tensor(a).dim(), 1);
    shape[0] = tensor(a).size(0);
    return thinned(tensor(a), shape, probability, generator(g));
  });
}
