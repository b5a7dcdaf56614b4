// The state that torch::optim keeps of each parameter.
#pragma once

#include <memory>
#include <sstream>
#include <type_traits>

#include "guard.h"

namespace transfera {

inline torch::optim::Optimizer &optimizer(tfa_optimizer o) { return *static_cast<torch::optim::Optimizer *>(o); }

// libtorch keys the state by the parameter's identity: as a string up to 2.0, as a pointer since.
using States = std::remove_reference_t<decltype(std::declval<torch::optim::Optimizer &>().state())>;
template <typename Key>
Key identity(at::TensorImpl *parameter) {
  if constexpr (std::is_same_v<Key, std::string>) {
    std::ostringstream text;  // as c10::guts::to_string, which newer versions lack
    text << parameter;
    return text.str();
  } else {
    return parameter;
  }
}

inline States::key_type key(const at::Tensor &parameter) {
  return identity<States::key_type>(parameter.unsafeGetTensorImpl());
}

template <typename State>
State &slot(States &states, const at::Tensor &parameter) {
  auto &entry = states[key(parameter)];
  if (!entry) entry = std::make_unique<State>();
  return static_cast<State &>(*entry);
}

}  // namespace transfera
