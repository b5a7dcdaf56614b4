// How every native error becomes a message that Go can raise.
#pragma once

#include <torch/torch.h>

#include <cstring>
#include <string>
#include <vector>

#include "transfera.h"

namespace transfera {

inline tfa_error message(const std::string &text) {
  auto *copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

// guarded runs body and turns whatever it throws into a message. Backtraces are left out: they tell a user nothing.
template <typename Body>
tfa_error guarded(Body body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::Error &e) {
    return message(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return message(e.what());
  } catch (...) {
    return message("unknown native error");
  }
}

inline at::Tensor &tensor(tfa_tensor t) { return *static_cast<at::Tensor *>(t); }
inline tfa_tensor handle(at::Tensor t) { return new at::Tensor(std::move(t)); }
inline at::Generator &generator(tfa_generator g) { return *static_cast<at::Generator *>(g); }
inline at::IntArrayRef sizes(const int64_t *data, int64_t count) {
  return at::IntArrayRef(data, static_cast<size_t>(count));
}

// full is t in float32 if it is in less: losses are never computed in half precision.
inline at::Tensor full(const at::Tensor &t) {
  const auto type = t.scalar_type();
  return type == at::kBFloat16 || type == at::kHalf ? t.to(at::kFloat) : t;
}

// returning runs an operator that yields one tensor and hands out its handle.
template <typename Operator>
tfa_error returning(tfa_tensor *out, Operator op) noexcept {
  return guarded([&] { *out = handle(op()); });
}

}  // namespace transfera
