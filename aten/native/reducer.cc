// Gradients averaged over processes, in buckets, while backward still computes the others. c10d::Reducer does this too, but
// its interface changes from libtorch to libtorch; hooks and all-reduces do not.
#include "distributed.h"

#ifdef TFA_C10D

#include <mutex>

using namespace transfera;

namespace {

struct Bucket {
  std::vector<size_t> members;    // parameters
  at::Tensor flat;                // their gradients, one after the other
  std::vector<at::Tensor> views;  // of flat, in the parameters' shapes
  size_t missing = 0;             // gradients that this step has not computed yet
  Work work;
};

class Reducer {
 public:
  Reducer(Group &group, std::vector<at::Tensor> parameters, int64_t bytes) : group_(group), parameters_(std::move(parameters)) {
    // Backward reaches the last parameters first.
    for (size_t i = parameters_.size(); i-- > 0;) {
      if (buckets_.empty() || !fits(buckets_.back(), parameters_[i], bytes)) buckets_.emplace_back();
      buckets_.back().members.push_back(i);
    }
    places_.resize(parameters_.size());
    arrived_.resize(parameters_.size());
    for (size_t b = 0; b < buckets_.size(); b++) allocate(b);
    for (size_t i = 0; i < parameters_.size(); i++)
      hooks_.push_back(parameters_[i].register_hook([this, i](const at::Tensor &gradient) { arrive(i, gradient); }));
  }

  ~Reducer() {
    for (size_t i = 0; i < hooks_.size(); i++) parameters_[i].remove_hook(hooks_[i]);
  }

  void backward(const at::Tensor &loss) {
    next_ = 0;
    std::fill(arrived_.begin(), arrived_.end(), false);
    for (auto &bucket : buckets_) {
      bucket.missing = bucket.members.size();
      bucket.work.reset();
    }
    armed_ = true;
    try {
      loss.backward();
    } catch (...) {
      armed_ = false;
      throw;
    }
    armed_ = false;
    early_ = next_;
    at::NoGradGuard no_grad;
    for (; next_ < buckets_.size(); next_++) { // of parameters that the loss does not depend on
      auto &bucket = buckets_[next_];
      for (size_t k = 0; k < bucket.members.size(); k++)
        if (!arrived_[bucket.members[k]]) bucket.views[k].zero_();
      bucket.work = launch(group_, bucket.flat);
    }
    for (auto &bucket : buckets_) {
      wait(bucket.work);
      bucket.work.reset();
      bucket.flat.div_(group_.size);
      for (size_t k = 0; k < bucket.members.size(); k++) {
        const size_t i = bucket.members[k];
        if (arrived_[i]) parameters_[i].mutable_grad().copy_(bucket.views[k]);
      }
    }
  }

  // How many buckets there are, and how many the last backward had launched before it was through.
  int64_t count() const { return static_cast<int64_t>(buckets_.size()); }
  int64_t early() const { return static_cast<int64_t>(early_); }

 private:
  bool fits(const Bucket &bucket, const at::Tensor &p, int64_t bytes) const {
    int64_t held = static_cast<int64_t>(p.nbytes());
    for (size_t i : bucket.members) {
      if (parameters_[i].options().type_equal(p.options()) == false || parameters_[i].device() != p.device()) return false;
      held += static_cast<int64_t>(parameters_[i].nbytes());
    }
    return held <= bytes;
  }

  void allocate(size_t b) {
    auto &bucket = buckets_[b];
    int64_t elements = 0;
    for (size_t i : bucket.members) elements += parameters_[i].numel();
    bucket.flat = at::zeros({elements}, parameters_[bucket.members[0]].options().requires_grad(false));
    int64_t start = 0;
    for (size_t k = 0; k < bucket.members.size(); k++) {
      const auto &p = parameters_[bucket.members[k]];
      bucket.views.push_back(bucket.flat.narrow(0, start, p.numel()).view(p.sizes()));
      start += p.numel();
      places_[bucket.members[k]] = {b, k};
    }
  }

  // Called by backward, perhaps in a thread of its own, with the whole gradient of one parameter. Buckets go out in their
  // order, which is the same in every process.
  void arrive(size_t i, const at::Tensor &gradient) {
    if (!armed_) return;
    std::lock_guard<std::mutex> lock(mutex_);
    at::NoGradGuard no_grad;
    auto &bucket = buckets_[places_[i].first];
    bucket.views[places_[i].second].copy_(gradient);
    arrived_[i] = true;
    bucket.missing--;
    while (next_ < buckets_.size() && buckets_[next_].missing == 0) {
      buckets_[next_].work = launch(group_, buckets_[next_].flat);
      next_++;
    }
  }

  Group &group_;
  std::vector<at::Tensor> parameters_;
  std::vector<Bucket> buckets_;
  std::vector<std::pair<size_t, size_t>> places_;  // of each parameter: bucket, and where in it
  std::vector<char> arrived_;
  std::vector<unsigned> hooks_;
  std::mutex mutex_;
  size_t next_ = 0;  // bucket to launch
  size_t early_ = 0;
  bool armed_ = false;
};

Reducer &reducer(tfa_reducer r) { return *static_cast<Reducer *>(r); }

}  // namespace

tfa_error tfa_reducer_new(tfa_group g, const tfa_tensor *parameters, int64_t count, int64_t bytes, tfa_reducer *out) {
  return guarded([&] {
    std::vector<at::Tensor> list;
    for (int64_t i = 0; i < count; i++) list.push_back(tensor(parameters[i]));
    *out = new Reducer(group(g), std::move(list), bytes);
  });
}

void tfa_reducer_free(tfa_reducer r) { delete static_cast<Reducer *>(r); }

tfa_error tfa_reducer_backward(tfa_reducer r, tfa_tensor loss) {
  return guarded([&] { reducer(r).backward(tensor(loss)); });
}

void tfa_reducer_buckets(tfa_reducer r, int64_t *count, int64_t *early) {
  *count = reducer(r).count();
  *early = reducer(r).early();
}

#else

tfa_error tfa_reducer_new(tfa_group, const tfa_tensor *, int64_t, int64_t, tfa_reducer *) { return absent(); }
void tfa_reducer_free(tfa_reducer) {}
tfa_error tfa_reducer_backward(tfa_reducer, tfa_tensor) { return absent(); }
void tfa_reducer_buckets(tfa_reducer, int64_t *, int64_t *) {}

#endif
