// Optimizers: gotorch makes them; here their steps report errors and their state goes in and out by name.
#include <type_traits>

#include "guard.h"

using namespace transfera;

namespace {

torch::optim::Optimizer &optimizer(tfa_optimizer o) { return *static_cast<torch::optim::Optimizer *>(o); }

// libtorch keys the state by the parameter's identity: as a string up to 2.0, as a pointer since.
using States = std::remove_reference_t<decltype(std::declval<torch::optim::Optimizer &>().state())>;
template <typename Key>
Key identity(at::TensorImpl *parameter) {
  if constexpr (std::is_same_v<Key, std::string>) {
    return c10::guts::to_string(parameter);
  } else {
    return parameter;
  }
}

States::key_type key(const at::Tensor &parameter) {
  return identity<States::key_type>(parameter.unsafeGetTensorImpl());
}

template <typename State>
State &slot(States &states, const at::Tensor &parameter) {
  auto &entry = states[key(parameter)];
  if (!entry) entry = std::make_unique<State>();
  return static_cast<State &>(*entry);
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
    auto &states = optimizer(o).state();
    const std::string name(field);
    const auto &p = tensor(parameter);
    if (name == "momentum_buffer") {
      slot<torch::optim::SGDParamState>(states, p).momentum_buffer(tensor(value).clone());
    } else if (name == "step") {
      slot<torch::optim::AdamParamState>(states, p).step(tensor(value).item<int64_t>());
    } else if (name == "exp_avg") {
      slot<torch::optim::AdamParamState>(states, p).exp_avg(tensor(value).clone());
    } else if (name == "exp_avg_sq") {
      slot<torch::optim::AdamParamState>(states, p).exp_avg_sq(tensor(value).clone());
    } else {
      TORCH_CHECK(false, "unknown optimizer state ", name);
    }
  });
}
