// BatchNorm with the statistics of all processes' images (Ioffe and Szegedy 2015, over the whole batch), differentiable.
#include "distributed.h"

#ifdef TFA_C10D

using namespace transfera;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The dimensions of (N,C,...) but the channels.
std::vector<int64_t> others(const at::Tensor &x) {
  std::vector<int64_t> dims{0};
  for (int64_t d = 2; d < x.dim(); d++) dims.push_back(d);
  return dims;
}

// A value per channel, shaped to be broadcast over x.
at::Tensor per_channel(const at::Tensor &values, const at::Tensor &x) {
  std::vector<int64_t> shape(x.dim(), 1);
  shape[1] = x.size(1);
  return values.to(x.scalar_type()).view(shape);
}

struct Statistics {
  at::Tensor mean, variance;  // (C) double, of all images that count
  double count;               // values per channel
};

// All processes' statistics, from each one's own: exact where the means are far from 0, which sums of squares are not.
Statistics gather(Group &g, const at::Tensor &x, bool idle) {
  auto own = at::zeros({g.size, 3, x.size(1)}, x.options().dtype(at::kDouble));
  if (!idle) {
    auto moments = at::var_mean(x, others(x), /*unbiased=*/false);
    auto row = own[g.rank];
    row[0].fill_(static_cast<double>(x.numel() / x.size(1)));
    row[1].copy_(std::get<1>(moments));
    row[2].copy_(std::get<0>(moments));
  }
  wait(launch(g, own));  // every other row is 0, so that the sum is the rows of all
  auto counts = own.select(1, 0), means = own.select(1, 1), variances = own.select(1, 2);
  Statistics all;
  auto total = counts.sum(0);
  all.count = total[0].item<double>();
  all.mean = (counts * means).sum(0) / total;
  all.variance = (counts * (variances + (means - all.mean).square())).sum(0) / total;
  return all;
}

struct SyncBatchNorm : torch::autograd::Function<SyncBatchNorm> {
  static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
                            at::Tensor running_mean, at::Tensor running_variance, double momentum, double epsilon,
                            int64_t group_address, bool idle) {
    auto &g = *reinterpret_cast<Group *>(group_address);
    auto all = gather(g, x, idle);
    TORCH_CHECK(all.count > 1, "expected more than 1 value per channel when training");
    running_mean.mul_(1 - momentum).add_(all.mean, momentum);
    running_variance.mul_(1 - momentum).add_(all.variance, momentum * all.count / (all.count - 1));
    auto mean = all.mean.to(x.scalar_type()), variance = all.variance.to(x.scalar_type());
    ctx->save_for_backward({x, weight, all.mean, (all.variance + epsilon).rsqrt()});
    ctx->saved_data["group"] = group_address;
    ctx->saved_data["count"] = all.count;
    ctx->saved_data["idle"] = idle;
    return std::get<0>(at::native_batch_norm(x, weight, bias, mean, variance, /*training=*/false, momentum, epsilon));
  }

  static variable_list backward(AutogradContext *ctx, variable_list gradients) {
    auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &mean = saved[2], &scale = saved[3];
    auto &g = *reinterpret_cast<Group *>(ctx->saved_data["group"].toInt());
    const double count = ctx->saved_data["count"].toDouble();
    const auto &dy = gradients[0];
    auto centred = x - per_channel(mean, x);
    auto own = at::stack({dy.sum(others(x)).to(at::kDouble), (dy * centred).sum(others(x)).to(at::kDouble)});
    auto d_bias = own[0].to(weight.scalar_type()), d_weight = (own[1] * scale).to(weight.scalar_type());
    auto sums = own.clone();
    wait(launch(g, sums));
    if (ctx->saved_data["idle"].toBool()) // the statistics do not depend on x
      return {at::zeros_like(x), d_weight, d_bias, {}, {}, {}, {}, {}, {}};
    auto factor = weight.to(at::kDouble) * scale;
    auto dx = centred.mul_(per_channel(-factor * scale.square() * sums[1] / count, x));
    dx.add_(dy * per_channel(factor, x)).sub_(per_channel(factor * sums[0] / count, x));
    return {dx, d_weight, d_bias, {}, {}, {}, {}, {}, {}};
  }
};

}  // namespace

tfa_error tfa_sync_batch_norm(tfa_group g, tfa_tensor x, tfa_tensor running_mean, tfa_tensor running_variance,
                              tfa_tensor weight, tfa_tensor bias, double momentum, double epsilon, int8_t idle,
                              tfa_tensor *out) {
  return returning(out, [&] {
    return SyncBatchNorm::apply(tensor(x), tensor(weight), tensor(bias), tensor(running_mean), tensor(running_variance),
                                momentum, epsilon, reinterpret_cast<int64_t>(&group(g)), idle != 0);
  });
}

#else

tfa_error tfa_sync_batch_norm(tfa_group, tfa_tensor, tfa_tensor, tfa_tensor, tfa_tensor, tfa_tensor, double, double, int8_t,
                              tfa_tensor *) {
  return absent();
}

#endif
