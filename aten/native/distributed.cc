// Several processes: where they meet (a TCP store), and groups of them that add tensors up (Gloo on the CPU, NCCL on GPUs).
// Which of these there are, scripts/setup.sh finds out and says with USE_C10D_GLOO and USE_C10D_NCCL.
#include "distributed.h"

#ifdef TFA_C10D
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <chrono>
#include <cstdlib>
#endif

using namespace transfera;

int8_t tfa_has_backend(const char *name) {
#if defined(TFA_C10D) && defined(USE_C10D_GLOO)
  if (std::string(name) == "gloo") return 1;
#endif
#if defined(TFA_C10D) && defined(USE_C10D_NCCL)
  if (std::string(name) == "nccl") return 1;
#endif
  return 0;
}

#ifdef TFA_C10D

namespace {

c10d::TCPStore &store(tfa_store s) { return **static_cast<c10::intrusive_ptr<c10d::TCPStore> *>(s); }

c10::intrusive_ptr<c10d::TCPStore> meet(const std::string &host, int32_t port, bool server, int64_t timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(port);
  options.isServer = server;
  options.waitWorkers = false;
  options.timeout = std::chrono::milliseconds(timeout);
  return c10::make_intrusive<c10d::TCPStore>(host, options);
}

#ifdef USE_C10D_GLOO
// The interface to listen on: GLOO_SOCKET_IFNAME as in PyTorch, loopback where the processes meet there, else this host's name.
std::shared_ptr<gloo::transport::Device> listening_on(const std::string &host) {
  const char *name = std::getenv("GLOO_SOCKET_IFNAME");
  if (name && *name) return c10d::ProcessGroupGloo::createDeviceForInterface(name);
  if (host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0)
    return c10d::ProcessGroupGloo::createDeviceForHostname(host);
  return c10d::ProcessGroupGloo::createDefaultDevice();
}
#endif

c10::intrusive_ptr<Backend> connect(const std::string &name, const c10::intrusive_ptr<c10d::Store> &place,
                                    const std::string &host, int rank, int size, std::chrono::milliseconds timeout) {
#ifdef USE_C10D_GLOO
  if (name == "gloo") {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(listening_on(host));
    return c10::make_intrusive<c10d::ProcessGroupGloo>(place, rank, size, options);
  }
#endif
#ifdef USE_C10D_NCCL
  if (name == "nccl") {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(place, rank, size, options);
  }
#endif
  throw std::runtime_error("this native half was built without " + name);
}

}  // namespace

tfa_error tfa_store_new(const char *host, int32_t port, int8_t server, int64_t timeout, tfa_store *out,
                        int32_t *actual_port) {
  return guarded([&] {
    auto met = meet(host, port, server, timeout);
    *actual_port = met->getPort();
    *out = new c10::intrusive_ptr<c10d::TCPStore>(std::move(met));
  });
}

void tfa_store_free(tfa_store s) { delete static_cast<c10::intrusive_ptr<c10d::TCPStore> *>(s); }

tfa_error tfa_store_set(tfa_store s, const char *key, const void *data, int64_t bytes) {
  return guarded([&] {
    auto *from = static_cast<const uint8_t *>(data);
    store(s).set(key, std::vector<uint8_t>(from, from + bytes));
    store(s).check({key});  // its answer follows what set only sent
  });
}

tfa_error tfa_store_check(tfa_store s, const char *key, int8_t *out) {
  return guarded([&] { *out = store(s).check({key}); });
}

tfa_error tfa_store_get(tfa_store s, const char *key, tfa_tensor *out) {
  return returning(out, [&] {
    auto value = store(s).get(key);
    return at::from_blob(value.data(), {static_cast<int64_t>(value.size())}, at::kByte).clone();
  });
}

tfa_error tfa_group_new(const char *host, int32_t port, const char *prefix, const char *backend, int64_t rank,
                        int64_t size, int64_t timeout, tfa_group *out) {
  return guarded([&] {
    // A connection of its own: the store's lock is held while one waits for the others to come.
    c10::intrusive_ptr<c10d::Store> place = c10::make_intrusive<c10d::PrefixStore>(prefix, meet(host, port, false, timeout));
    auto made = std::make_unique<Group>(Group{place, {}, rank, size});
    made->backend = collective([&] {
      return connect(backend, place, host, static_cast<int>(rank), static_cast<int>(size), std::chrono::milliseconds(timeout));
    });
    *out = made.release();
  });
}

void tfa_group_free(tfa_group g) { delete static_cast<Group *>(g); }

tfa_error tfa_all_reduce(tfa_group g, tfa_tensor t) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    wait(launch(group(g), tensor(t)));
  });
}

#else

tfa_error tfa_store_new(const char *, int32_t, int8_t, int64_t, tfa_store *, int32_t *) { return absent(); }
void tfa_store_free(tfa_store) {}
tfa_error tfa_store_set(tfa_store, const char *, const void *, int64_t) { return absent(); }
tfa_error tfa_store_check(tfa_store, const char *, int8_t *) { return absent(); }
tfa_error tfa_store_get(tfa_store, const char *, tfa_tensor *) { return absent(); }
tfa_error tfa_group_new(const char *, int32_t, const char *, const char *, int64_t, int64_t, int64_t, tfa_group *) {
  return absent();
}
void tfa_group_free(tfa_group) {}
tfa_error tfa_all_reduce(tfa_group, tfa_tensor) { return absent(); }

#endif
