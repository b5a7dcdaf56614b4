// Generators: the CPU streams of torch.Generator(), one handle per named stream.
#include <ATen/CPUGeneratorImpl.h>

#include "guard.h"

using namespace transfera;

tfa_error tfa_generator_new(uint64_t seed, tfa_generator *out) {
  return guarded([&] { *out = new at::Generator(at::detail::createCPUGenerator(seed)); });
}

void tfa_generator_free(tfa_generator g) { delete static_cast<at::Generator *>(g); }

tfa_error tfa_generator_state(tfa_generator g, tfa_tensor *out) {
  return returning(out, [&] { return generator(g).get_state(); });
}

tfa_error tfa_generator_set_state(tfa_generator g, tfa_tensor state) {
  return guarded([&] { generator(g).set_state(tensor(state)); });
}

tfa_error tfa_randn(tfa_generator g, const int64_t *shape, int64_t rank, tfa_tensor *out) {
  return returning(out, [&] { return at::randn(sizes(shape, rank), generator(g)); });
}

tfa_error tfa_randn_memory(tfa_generator g, float *data, int64_t count) {
  return guarded([&] { at::from_blob(data, {count}).normal_(0, 1, generator(g)); });
}

tfa_error tfa_uniform_(tfa_generator g, tfa_tensor t, double low, double high) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    tensor(t).uniform_(low, high, generator(g));
  });
}

tfa_error tfa_normal_(tfa_generator g, tfa_tensor t, double mean, double std) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    tensor(t).normal_(mean, std, generator(g));
  });
}

tfa_error tfa_randperm(tfa_generator g, int64_t n, tfa_tensor *out) {
  return returning(out, [&] { return at::randperm(n, generator(g), at::TensorOptions().dtype(at::kLong)); });
}
