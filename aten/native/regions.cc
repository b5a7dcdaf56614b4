// Features of regions of interest, fixed in size: RoIAlign (He et al. 2017) and RoIPool (Girshick 2015) as torchvision
// defines them, made of ATen operators so that they run on every device. Neither holds the features of a region that it has
// not yet reduced: the work goes in chunks of regions.
#include <cmath>

#include "guard.h"

using namespace transfera;

namespace {

// Elements of the largest intermediate of one chunk.
constexpr int64_t region_chunk_elements = 1 << 24;

struct RegionGrid {
  const float *rois;  // count x (x1, y1, x2, y2), in pixels of the image
  int64_t count, height, width;
  float scale;  // pixels of the features per pixel of the image
};

// interpolation returns (count, bins, length): how much each of length feature rows (or columns) adds to each bin. low is
// 0 for x and 1 for y. Bilinear sampling is a product of such a map for rows and one for columns.
at::Tensor interpolation(const RegionGrid &g, int low, int64_t bins, int64_t length, int64_t sampling, bool aligned) {
  auto weights = at::zeros({g.count, bins, length});
  auto *w = weights.data_ptr<float>();
  const float offset = aligned ? 0.5f : 0.0f;
  for (int64_t r = 0; r < g.count; r++) {
    const float start = g.rois[r * 4 + low] * g.scale - offset, end = g.rois[r * 4 + low + 2] * g.scale - offset;
    float size = end - start;
    if (!aligned) size = std::max(size, 1.0f);
    const float bin = size / static_cast<float>(bins);
    const int64_t samples = sampling > 0 ? sampling : static_cast<int64_t>(std::ceil(bin));
    for (int64_t b = 0; b < bins; b++, w += length) {
      for (int64_t s = 0; s < samples; s++) {
        float at = start + b * bin + static_cast<float>(s + .5f) * bin / static_cast<float>(samples);
        if (!(at >= -1.0f && at <= static_cast<float>(length))) continue;  // contributes zeros
        at = std::max(at, 0.0f);
        const int64_t below = std::min(static_cast<int64_t>(at), length - 1), above = std::min(below + 1, length - 1);
        const float part = below == length - 1 ? 0.0f : at - static_cast<float>(below);
        w[below] += (1.0f - part) / static_cast<float>(samples);
        w[above] += part / static_cast<float>(samples);
      }
    }
  }
  return weights;
}

int64_t regions_per_chunk(int64_t per_region) { return std::max<int64_t>(1, region_chunk_elements / per_region); }

// The map is linear, out = rows F columns^T per channel, so backward needs nothing of forward but the two maps, and both
// directions are sums in a fixed order on every device.
struct AlignFunction : torch::autograd::Function<AlignFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *ctx, const at::Tensor &features, const at::Tensor &rows,
                            const at::Tensor &columns) {
    ctx->save_for_backward({rows, columns});
    const int64_t count = rows.size(0), high = rows.size(1), wide = columns.size(1);
    const int64_t channels = features.size(1), height = features.size(2), width = features.size(3);
    auto last = features[0].permute({1, 2, 0}).reshape({height, width * channels});
    auto out = at::empty({count, channels, high, wide}, features.options());
    const int64_t step = regions_per_chunk(high * width * channels);
    for (int64_t r = 0; r < count; r += step) {
      const int64_t n = std::min(step, count - r);
      auto tall = rows.narrow(0, r, n).reshape({n * high, height}).mm(last).view({n, high, width, channels});
      auto part = at::matmul(columns.narrow(0, r, n).unsqueeze(1), tall);  // (n, high, wide, channels)
      out.narrow(0, r, n).copy_(part.permute({0, 3, 1, 2}));
    }
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *ctx,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const auto &rows = saved[0], &columns = saved[1], &gradient = gradients[0];
    const int64_t count = rows.size(0), high = rows.size(1), height = rows.size(2), width = columns.size(2);
    const int64_t channels = gradient.size(1);
    auto sum = at::zeros({height, width * channels}, gradient.options());
    const int64_t step = regions_per_chunk(high * width * channels);
    for (int64_t r = 0; r < count; r += step) {
      const int64_t n = std::min(step, count - r);
      auto part = gradient.narrow(0, r, n).permute({0, 2, 3, 1}).contiguous();  // (n, high, wide, channels)
      auto tall = at::matmul(columns.narrow(0, r, n).transpose(1, 2).unsqueeze(1), part);
      sum.addmm_(rows.narrow(0, r, n).reshape({n * high, height}).t(), tall.reshape({n * high, width * channels}));
    }
    return {sum.view({1, height, width, channels}).permute({0, 3, 1, 2}).contiguous(), at::Tensor(), at::Tensor()};
  }
};

// bounds returns (count, bins, 2): the first and, exclusively, the last of the length rows (or columns) of each bin.
at::Tensor bounds(const RegionGrid &g, int low, int64_t bins, int64_t length) {
  auto limits = at::empty({g.count, bins, 2}, at::kLong);
  auto *limit = limits.data_ptr<int64_t>();
  for (int64_t r = 0; r < g.count; r++) {
    const auto start = static_cast<int64_t>(std::round(g.rois[r * 4 + low] * g.scale));
    const auto end = static_cast<int64_t>(std::round(g.rois[r * 4 + low + 2] * g.scale));
    const float bin = static_cast<float>(std::max<int64_t>(end - start + 1, 1)) / static_cast<float>(bins);
    for (int64_t b = 0; b < bins; b++) {
      const auto first = static_cast<int64_t>(std::floor(static_cast<float>(b) * bin));
      const auto last = static_cast<int64_t>(std::ceil(static_cast<float>(b + 1) * bin));
      *limit++ = std::min(std::max<int64_t>(first + start, 0), length);
      *limit++ = std::min(std::max<int64_t>(last + start, 0), length);
    }
  }
  return limits;
}

int64_t longest(const at::Tensor &limits) { return (limits.select(2, 1) - limits.select(2, 0)).max().item<int64_t>(); }

// line returns the index of the k-th row or column of each bin, or its last one where it has fewer, and which bins have one.
std::pair<at::Tensor, at::Tensor> line(const at::Tensor &limits, int64_t k, int64_t length, c10::Device device) {
  auto index = limits.select(2, 0) + k;
  auto there = index < limits.select(2, 1);
  return {index.clamp(0, length - 1).to(device), there.to(device)};
}

// The maximum over a bin is the maximum over its columns of that over its rows. Of equal values the first in row-major order
// counts, which alone gets the gradient. An empty bin is 0 and gets none.
struct PoolFunction : torch::autograd::Function<PoolFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *ctx, const at::Tensor &features, const at::Tensor &rows,
                            const at::Tensor &columns) {
    const int64_t count = rows.size(0), high = rows.size(1), wide = columns.size(1);
    const int64_t channels = features.size(1), height = features.size(2), width = features.size(3);
    const double nothing = -std::numeric_limits<double>::infinity();
    const auto integers = features.options().dtype(at::kLong);
    auto last = features[0].permute({1, 2, 0}).contiguous();
    auto out = at::empty({count, channels, high, wide}, features.options());
    auto from = at::empty({count, channels, high, wide}, integers);
    const int64_t step = regions_per_chunk(high * width * channels);
    for (int64_t r = 0; r < count; r += step) {
      const int64_t n = std::min(step, count - r);
      auto row_limits = rows.narrow(0, r, n), column_limits = columns.narrow(0, r, n);
      auto tall = at::full({n, high, width, channels}, nothing, features.options());
      auto tall_from = at::full({n, high, width, channels}, height, integers);
      for (int64_t k = 0, deepest = longest(row_limits); k < deepest; k++) {
        at::Tensor index, there;
        std::tie(index, there) = line(row_limits, k, height, features.device());
        auto value = last.index_select(0, index.flatten()).view_as(tall);
        auto better = there.view({n, high, 1, 1}) & (value > tall);
        tall = at::where(better, value, tall);
        tall_from = at::where(better, index.view({n, high, 1, 1}), tall_from);
      }
      auto best = at::full({n, high, wide, channels}, nothing, features.options());
      auto best_row = at::full({n, high, wide, channels}, height, integers);
      auto best_column = at::zeros({n, high, wide, channels}, integers);
      for (int64_t k = 0, deepest = longest(column_limits); k < deepest; k++) {
        at::Tensor index, there;
        std::tie(index, there) = line(column_limits, k, width, features.device());
        auto gather = index.view({n, 1, wide, 1}).expand({n, high, wide, channels});
        auto value = tall.gather(2, gather), row = tall_from.gather(2, gather);
        auto better = there.view({n, 1, wide, 1}) & ((value > best) | ((value == best) & (row < best_row)));
        best = at::where(better, value, best);
        best_row = at::where(better, row, best_row);
        best_column = at::where(better, gather, best_column);
      }
      auto found = best_row < height;
      best = at::where(found, best, at::zeros_like(best));
      auto place = at::where(found, best_row * width + best_column, at::full_like(best_row, height * width));
      out.narrow(0, r, n).copy_(best.permute({0, 3, 1, 2}));
      from.narrow(0, r, n).copy_(place.permute({0, 3, 1, 2}));
    }
    ctx->save_for_backward({from});
    ctx->saved_data["height"] = height;
    ctx->saved_data["width"] = width;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *ctx,
                                                 torch::autograd::variable_list gradients) {
    const auto from = ctx->get_saved_variables()[0];
    const int64_t height = ctx->saved_data["height"].toInt(), width = ctx->saved_data["width"].toInt();
    const int64_t channels = from.size(1);
    auto sum = at::zeros({channels, height * width + 1}, gradients[0].options());  // the last is that of empty bins
    sum.scatter_add_(1, from.transpose(0, 1).reshape({channels, -1}), gradients[0].transpose(0, 1).reshape({channels, -1}));
    return {sum.narrow(1, 0, height * width).reshape({1, channels, height, width}), at::Tensor(), at::Tensor()};
  }
};

RegionGrid region_grid(const at::Tensor &features, const float *rois, int64_t count, double scale) {
  TORCH_CHECK(features.dim() == 4 && features.size(0) == 1, "regions need the features of one image, (1,C,H,W), not ",
              features.sizes());
  return {rois, count, features.size(2), features.size(3), static_cast<float>(scale)};
}

}  // namespace

tfa_error tfa_roi_align(tfa_tensor features, const float *rois, int64_t count, int64_t high, int64_t wide, double scale,
                        int64_t sampling, int8_t aligned, tfa_tensor *out) {
  return returning(out, [&] {
    const auto &f = tensor(features);
    const auto grid = region_grid(f, rois, count, scale);
    auto rows = interpolation(grid, 1, high, grid.height, sampling, aligned).to(f.device(), f.scalar_type());
    auto columns = interpolation(grid, 0, wide, grid.width, sampling, aligned).to(f.device(), f.scalar_type());
    return AlignFunction::apply(f, rows, columns);
  });
}

tfa_error tfa_roi_pool(tfa_tensor features, const float *rois, int64_t count, int64_t high, int64_t wide, double scale,
                       tfa_tensor *out) {
  return returning(out, [&] {
    const auto &f = tensor(features);
    const auto grid = region_grid(f, rois, count, scale);
    return PoolFunction::apply(f, bounds(grid, 1, high, grid.height), bounds(grid, 0, wide, grid.width));
  });
}
