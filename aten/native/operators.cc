// Operators that gotorch lacks. Each is one call of the ATen operator of the same name.
#include "guard.h"

using namespace transfera;

tfa_error tfa_add_scalar(tfa_tensor a, double b, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).add(b); });
}

tfa_error tfa_mul_scalar(tfa_tensor a, double b, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).mul(b); });
}

tfa_error tfa_pow(tfa_tensor a, double exponent, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).pow(exponent); });
}

tfa_error tfa_log10(tfa_tensor a, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).log10(); });
}

tfa_error tfa_rsqrt(tfa_tensor a, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).rsqrt(); });
}

tfa_error tfa_mean(tfa_tensor a, const int64_t *dims, int64_t count, int8_t keep, tfa_tensor *out) {
  return returning(out, [&] { return count == 0 ? tensor(a).mean() : tensor(a).mean(sizes(dims, count), keep); });
}

tfa_error tfa_sum(tfa_tensor a, const int64_t *dims, int64_t count, int8_t keep, tfa_tensor *out) {
  return returning(out, [&] { return count == 0 ? tensor(a).sum() : tensor(a).sum(sizes(dims, count), keep); });
}

tfa_error tfa_relu_(tfa_tensor a) {
  return guarded([&] { tensor(a).relu_(); });
}

tfa_error tfa_relu6_(tfa_tensor a) {
  return guarded([&] { at::relu6_(tensor(a)); });
}

tfa_error tfa_gelu(tfa_tensor a, tfa_tensor *out) {
  return returning(out, [&] { return at::gelu(tensor(a)); });
}

tfa_error tfa_add_(tfa_tensor a, tfa_tensor b) {
  return guarded([&] { tensor(a).add_(tensor(b)); });
}

tfa_error tfa_prelu(tfa_tensor a, tfa_tensor weight, tfa_tensor *out) {
  return returning(out, [&] { return at::prelu(tensor(a), tensor(weight).to(tensor(a).scalar_type())); });
}

tfa_error tfa_softmax(tfa_tensor a, int64_t dim, tfa_tensor *out) {
  return returning(out, [&] { return at::softmax(tensor(a), dim); });
}

tfa_error tfa_layer_norm(tfa_tensor a, tfa_tensor weight, tfa_tensor bias, double epsilon, tfa_tensor *out) {
  return returning(out, [&] {
    TORCH_CHECK(tensor(a).dim() > 0, "layer_norm of a scalar");
    return at::layer_norm(tensor(a), {tensor(a).size(-1)}, tensor(weight), tensor(bias), epsilon);
  });
}

tfa_error tfa_mse_loss(tfa_tensor a, tfa_tensor b, tfa_tensor *out) {
  return returning(out, [&] {
    TORCH_CHECK(tensor(a).sizes() == tensor(b).sizes(), "mse_loss of shapes ", tensor(a).sizes(), " and ",
                tensor(b).sizes());
    return at::mse_loss(full(tensor(a)), full(tensor(b)));
  });
}

tfa_error tfa_cross_entropy(tfa_tensor logits, tfa_tensor labels, int8_t per_sample, tfa_tensor *out) {
  return returning(out, [&] {
    return at::cross_entropy_loss(full(tensor(logits)), tensor(labels), {},
                                  per_sample ? at::Reduction::None : at::Reduction::Mean);
  });
}

tfa_error tfa_cat(const tfa_tensor *tensors, int64_t count, int64_t dim, tfa_tensor *out) {
  return returning(out, [&] {
    std::vector<at::Tensor> list;
    for (int64_t i = 0; i < count; i++) list.push_back(tensor(tensors[i]));
    return at::cat(list, dim);
  });
}

tfa_error tfa_narrow(tfa_tensor a, int64_t dim, int64_t start, int64_t length, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).narrow(dim, start, length); });
}

tfa_error tfa_slice(tfa_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step, tfa_tensor *out) {
  return returning(out, [&] { return tensor(a).slice(dim, start, end, step); });
}

tfa_error tfa_pad(tfa_tensor a, const int64_t *padding, int64_t count, const char *mode, double value,
                  tfa_tensor *out) {
  return returning(out, [&] {
    std::string name(mode);
    if (name == "constant") return at::constant_pad_nd(tensor(a), sizes(padding, count), value);
    if (name == "reflect") return at::reflection_pad2d(tensor(a), sizes(padding, count));
    TORCH_CHECK(name == "replicate", "unknown padding mode ", name);
    return at::replication_pad2d(tensor(a), sizes(padding, count));
  });
}

tfa_error tfa_pixel_shuffle(tfa_tensor a, int64_t factor, tfa_tensor *out) {
  return returning(out, [&] {
    const auto &x = tensor(a);
    if (x.dim() != 4 || x.is_contiguous() || !x.is_contiguous(at::MemoryFormat::ChannelsLast) || factor < 1 ||
        x.size(1) % (factor * factor) != 0)
      return at::pixel_shuffle(x, factor);
    // The operator itself loses the layout on CUDA, and every convolution that follows would convert.
    const auto n = x.size(0), c = x.size(1) / (factor * factor), h = x.size(2), w = x.size(3);
    return x.permute({0, 2, 3, 1})
        .reshape({n, h, w, c, factor, factor})
        .permute({0, 1, 4, 2, 5, 3})
        .reshape({n, h * factor, w * factor, c})
        .permute({0, 3, 1, 2});
  });
}

tfa_error tfa_avg_pool2d(tfa_tensor a, int64_t kernel, int64_t stride, int64_t padding, int8_t count_padding,
                         tfa_tensor *out) {
  return returning(out, [&] { return at::avg_pool2d(tensor(a), kernel, stride, padding, false, count_padding); });
}

tfa_error tfa_group_norm(tfa_tensor a, int64_t groups, tfa_tensor weight, tfa_tensor bias, double epsilon,
                         tfa_tensor *out) {
  return returning(out, [&] { return at::group_norm(tensor(a), groups, tensor(weight), tensor(bias), epsilon); });
}

tfa_error tfa_take(tfa_tensor a, tfa_tensor indices, tfa_tensor *out) {
  return returning(out, [&] { return at::take(tensor(a), tensor(indices).to(tensor(a).device())); });
}

tfa_error tfa_binary_cross_entropy(tfa_tensor logits, tfa_tensor targets, tfa_tensor *out) {
  return returning(out, [&] { return at::binary_cross_entropy_with_logits(full(tensor(logits)), full(tensor(targets))); });
}

tfa_error tfa_smooth_l1(tfa_tensor a, tfa_tensor b, double beta, tfa_tensor *out) {
  return returning(out, [&] { return at::smooth_l1_loss(full(tensor(a)), full(tensor(b)), at::Reduction::Sum, beta); });
}
