// Optimizers: gotorch makes them; here their steps report errors and their state goes in and out by name.
#include "optimizer_state.h"

using namespace transfera;

namespace {

// as lays a stored value out as its parameter, since steps in one kernel want one layout.
at::Tensor as(const at::Tensor &parameter, const at::Tensor &value) {
  TORCH_CHECK(parameter.sizes() == value.sizes(), "optimizer state of shape ", value.sizes(), " for a parameter of shape ",
              parameter.sizes());
  return at::empty_like(parameter, parameter.options().requires_grad(false), at::MemoryFormat::Preserve).copy_(value);
}

at::Tensor scalar(int64_t value) { return at::full({}, value, at::kLong); }

}  // namespace

tfa_error tfa_optimizer_step(tfa_optimizer o) {
  return guarded([&] { optimizer(o).step(); });
}

tfa_error tfa_optimizer_set_learning_rate(tfa_optimizer o, double learning_rate) {
  return guarded([&] {
    for (auto &group : optimizer(o).param_groups()) group.options().set_lr(learning_rate);
  });
}

tfa_error tfa_optimizer_state(tfa_optimizer o, tfa_tensor parameter, const char *field, tfa_tensor *out) {
  return guarded([&] {
    *out = nullptr;
    auto &states = optimizer(o).state();
    auto found = states.find(key(tensor(parameter)));
    if (found == states.end()) return;
    const std::string name(field);
    at::Tensor value;
    if (auto *adam = dynamic_cast<torch::optim::AdamParamState *>(found->second.get())) {
      if (name == "step") value = scalar(adam->step());
      if (name == "exp_avg") value = adam->exp_avg();
      if (name == "exp_avg_sq") value = adam->exp_avg_sq();
    } else if (auto *sgd = dynamic_cast<torch::optim::SGDParamState *>(found->second.get())) {
      if (name == "momentum_buffer") value = sgd->momentum_buffer();
    }
    if (value.defined()) *out = handle(value);
  });
}

tfa_error tfa_optimizer_set_state(tfa_optimizer o, tfa_tensor parameter, const char *field, tfa_tensor value) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    auto &states = optimizer(o).state();
    const std::string name(field);
    const auto &p = tensor(parameter);
    if (name == "momentum_buffer") {
      slot<torch::optim::SGDParamState>(states, p).momentum_buffer(as(p, tensor(value)));
    } else if (name == "step") {
      slot<torch::optim::AdamParamState>(states, p).step(tensor(value).item<int64_t>());
    } else if (name == "exp_avg") {
      slot<torch::optim::AdamParamState>(states, p).exp_avg(as(p, tensor(value)));
    } else if (name == "exp_avg_sq") {
      slot<torch::optim::AdamParamState>(states, p).exp_avg_sq(as(p, tensor(value)));
    } else {
      TORCH_CHECK(false, "unknown optimizer state ", name);
    }
  });
}
