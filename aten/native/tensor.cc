// Tensors: life, transfer and description.
#include "guard.h"

using namespace transfera;

void tfa_free_string(tfa_error m) { delete[] m; }

void tfa_tensor_free(tfa_tensor t) { delete static_cast<at::Tensor *>(t); }

tfa_error tfa_from_memory(const void *data, int8_t dtype, const int64_t *shape, int64_t rank, tfa_tensor *out) {
  return returning(out, [&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    auto t = at::empty(sizes(shape, rank), options);
    if (t.nbytes() > 0) std::memcpy(t.data_ptr(), data, t.nbytes());
    return t;
  });
}

tfa_error tfa_full(double value, int8_t dtype, const int64_t *shape, int64_t rank, tfa_tensor *out) {
  return returning(out, [&] {
    return at::full(sizes(shape, rank), value, at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
  });
}

tfa_error tfa_empty(int8_t dtype, const int64_t *shape, int64_t rank, tfa_tensor *out) {
  return returning(out, [&] {
    return at::empty(sizes(shape, rank), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
  });
}

tfa_error tfa_to_memory(tfa_tensor t, void *data, int64_t bytes) {
  return guarded([&] {
    auto host = tensor(t).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(host.nbytes()) == bytes, "tensor holds ", host.nbytes(), " bytes, buffer ", bytes);
    if (bytes > 0) std::memcpy(data, host.data_ptr(), host.nbytes());
  });
}

tfa_error tfa_describe(tfa_tensor t, int8_t *dtype, int64_t *rank, int64_t *shape, int64_t capacity) {
  return guarded([&] {
    const auto &a = tensor(t);
    *dtype = static_cast<int8_t>(a.scalar_type());
    *rank = a.dim();
    TORCH_CHECK(a.dim() <= capacity, "tensor of rank ", a.dim(), " is beyond the supported ", capacity);
    for (int64_t i = 0; i < a.dim(); i++) shape[i] = a.size(i);
  });
}

tfa_error tfa_item(tfa_tensor t, double *out) {
  return guarded([&] { *out = tensor(t).item().toDouble(); });
}

tfa_error tfa_copy(tfa_tensor destination, tfa_tensor source) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    TORCH_CHECK(tensor(destination).sizes() == tensor(source).sizes(), "cannot copy shape ", tensor(source).sizes(),
                " into ", tensor(destination).sizes());
    tensor(destination).copy_(tensor(source));
  });
}

tfa_error tfa_to(tfa_tensor t, const char *device, int8_t dtype, tfa_tensor *out) {
  return returning(out, [&] {
    auto type = dtype < 0 ? tensor(t).scalar_type() : static_cast<at::ScalarType>(dtype);
    auto place = *device == 0 ? tensor(t).device() : at::Device(std::string(device));
    return tensor(t).to(place, type);
  });
}

tfa_error tfa_equal(tfa_tensor a, tfa_tensor b, int8_t *out) {
  return guarded([&] { *out = at::equal(tensor(a), tensor(b)); });
}
