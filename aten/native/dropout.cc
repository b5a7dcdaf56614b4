// Dropout, of elements and of whole samples. Masks are drawn on the CPU, so that they depend on neither device nor threads.
#include "guard.h"

using namespace transfera;

namespace {

// thinned multiplies a by a mask of the given shape: 0 with the given probability, otherwise 1 / (1 - probability). The mask
// is drawn for all of whole samples, of which a are those from before on: parts of a batch see the masks of the batch.
at::Tensor thinned(const at::Tensor &a, std::vector<int64_t> shape, double probability, at::Generator g, int64_t before,
                   int64_t whole) {
  TORCH_CHECK(probability >= 0 && probability < 1, "dropout of probability ", probability, " is not in [0, 1)");
  TORCH_CHECK(a.dim() > 0, "dropout of a scalar");
  TORCH_CHECK(before >= 0 && before + a.size(0) <= whole, "samples from ", before, " on, ", a.size(0), " of them, are not in ", whole);
  const double keep = 1 - probability;
  shape[0] = whole;
  auto mask = at::empty(shape, a.options().device(at::kCPU).requires_grad(false));
  mask.bernoulli_(keep, g).div_(keep);
  return a.mul(mask.narrow(0, before, a.size(0)).to(a.device()));
}

}  // namespace

tfa_error tfa_dropout(tfa_tensor a, double probability, tfa_generator g, int64_t before, int64_t whole, tfa_tensor *out) {
  return returning(out, [&] { return thinned(tensor(a), tensor(a).sizes().vec(), probability, generator(g), before, whole); });
}

tfa_error tfa_stochastic_depth(tfa_tensor a, double probability, tfa_generator g, int64_t before, int64_t whole,
                               tfa_tensor *out) {
  return returning(out, [&] {
    TORCH_CHECK(tensor(a).dim() > 0, "stochastic depth of a scalar");
    std::vector<int64_t> shape(tensor(a).dim(), 1);
    return thinned(tensor(a), shape, probability, generator(g), before, whole);
  });
}
