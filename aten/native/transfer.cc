// Layouts and transfers. Streams and events are those of c10, which needs no header of CUDA.
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "accelerator.h"
#include "guard.h"

#ifdef WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

using namespace transfera;

namespace {

at::Device place(const char *device) { return at::Device(std::string(device)); }

at::Tensor channels_last(const at::Tensor &t) {
  return t.dim() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t;
}

// copy_stream is the one stream of a device on which uploads run, beside that of the computation.
c10::Stream copy_stream(at::Device device) {
  static std::mutex mutex;
  static std::map<int, c10::Stream> streams;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = streams.find(device.index());
  if (found == streams.end()) {
    c10::impl::VirtualGuardImpl guard(device.type());
    found = streams.emplace(device.index(), guard.getStreamFromGlobalPool(device)).first;
  }
  return found->second;
}

// on_copy_stream runs body on the copy stream and lets the present stream wait for it.
template <typename Body>
at::Tensor on_copy_stream(at::Device device, Body body) {
  c10::impl::VirtualGuardImpl guard(device.type());
  const c10::Stream present = guard.getStream(device), copying = copy_stream(device);
  guard.exchangeStream(copying);
  at::Tensor result;
  c10::Event done(device.type());
  try {
    result = body();
    done.record(copying);
  } catch (...) {
    guard.exchangeStream(present);
    throw;
  }
  guard.exchangeStream(present);
  done.block(present);
  result.record_stream(present);  // its memory may not go to the next upload before the computation is through with it
  return result;
}

// Readback is values on their way to the host.
struct Readback {
  at::Tensor host;
  std::vector<bool> defined;
  std::unique_ptr<c10::Event> done;  // none on the CPU
};

}  // namespace

tfa_error tfa_channels_last(tfa_tensor t, tfa_tensor *out) {
  return returning(out, [&] { return channels_last(tensor(t)); });
}

tfa_error tfa_is_channels_last(tfa_tensor t, int8_t *out) {
  return guarded([&] { *out = tensor(t).is_contiguous(at::MemoryFormat::ChannelsLast); });
}

tfa_error tfa_upload(const void *data, int8_t dtype, const int64_t *shape, int64_t rank, const char *device,
                     int8_t last, tfa_tensor *out) {
  return returning(out, [&] {
    const auto where = place(device);
    const bool remote = !where.is_cpu();
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).pinned_memory(remote);
    auto host = at::empty(sizes(shape, rank), options);
    if (host.nbytes() > 0) std::memcpy(host.data_ptr(), data, host.nbytes());
    auto t = host;
    // Freeing pinned memory while it is copied is safe: libtorch keeps it until the copy is done.
    if (remote) t = on_copy_stream(where, [&] { return host.to(where, host.scalar_type(), /*non_blocking=*/true); });
    return last ? channels_last(t) : t;
  });
}

tfa_error tfa_readback_begin(const tfa_tensor *tensors, int64_t count, tfa_readback *out) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    auto r = std::make_unique<Readback>();
    std::vector<at::Tensor> list;
    for (int64_t i = 0; i < count; i++) {
      r->defined.push_back(tensors[i] != nullptr);
      if (tensors[i]) list.push_back(tensor(tensors[i]).detach().reshape({}).to(at::kDouble));
    }
    if (!list.empty()) {
      const auto values = at::stack(list);
      if (values.is_cpu()) {
        r->host = values;
      } else {
        r->host = at::empty(values.sizes(), at::TensorOptions().dtype(at::kDouble).pinned_memory(true));
        r->host.copy_(values, /*non_blocking=*/true);
        c10::impl::VirtualGuardImpl guard(values.device().type());
        r->done = std::make_unique<c10::Event>(values.device().type());
        r->done->record(guard.getStream(values.device()));
      }
    }
    *out = r.release();
  });
}

tfa_error tfa_readback_end(tfa_readback handle, double *values) {
  return guarded([&] {
    std::unique_ptr<Readback> r(static_cast<Readback *>(handle));
    // c10's events of 1.13 cannot be waited for; a step takes milliseconds.
    while (r->done && !r->done->query()) std::this_thread::sleep_for(std::chrono::microseconds(20));
    int64_t next = 0;
    for (size_t i = 0; i < r->defined.size(); i++)
      values[i] = r->defined[i] ? r->host.data_ptr<double>()[next++] : std::numeric_limits<double>::quiet_NaN();
  });
}

tfa_error tfa_synchronize(const char *device) {
  return guarded([&] {
    const auto where = place(device);
    if (where.is_cpu()) return;
    c10::impl::VirtualGuardImpl guard(where.type());
    guard.synchronizeStream(copy_stream(where));
    guard.synchronizeStream(guard.getStream(where));
  });
}

tfa_error tfa_device_memory(const char *device, int8_t reset, int64_t *peak, int64_t *current) {
  return guarded([&] {
    *peak = *current = 0;
#ifdef WITH_CUDA
    const auto where = place(device);
    if (!where.is_cuda()) return;
    at::empty({1}, at::TensorOptions().device(where));  // the allocator answers only once it has begun
    namespace allocator = c10::cuda::CUDACachingAllocator;
    const auto total = allocator::getDeviceStats(where.index()).allocated_bytes[0];  // 0 is both pools together
    *peak = total.peak;
    *current = total.current;
    if (reset) allocator::resetPeakStats(where.index());
#endif
  });
}
