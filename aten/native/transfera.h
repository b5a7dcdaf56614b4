// The one C ABI between transfera's Go code and libtorch, beside gotorch's own.
//
// Every function returns NULL on success or a message allocated with new[] that the caller frees with tfa_free_string.
// Tensors, generators and optimizers cross as opaque handles: a tensor handle is an at::Tensor*, exactly as in gotorch, so
// handles of the two halves may be mixed. Nothing of libtorch appears in this header, so a Go binary built against it runs
// with any libtorch for which libcgotorch.so was rebuilt.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *tfa_tensor;
typedef void *tfa_generator;
typedef void *tfa_optimizer;
typedef void *tfa_store;
typedef void *tfa_group;
typedef void *tfa_reducer;
typedef const char *tfa_error;

void tfa_free_string(tfa_error message);

// Tensors: life, transfer, description (tensor.cc). dtype codes are c10::ScalarType.
void tfa_tensor_free(tfa_tensor t);
tfa_error tfa_from_memory(const void *data, int8_t dtype, const int64_t *shape, int64_t rank, tfa_tensor *out);
tfa_error tfa_full(double value, int8_t dtype, const int64_t *shape, int64_t rank, tfa_tensor *out);
// Uninitialized.
tfa_error tfa_empty(int8_t dtype, const int64_t *shape, int64_t rank, tfa_tensor *out);
tfa_error tfa_to_memory(tfa_tensor t, void *data, int64_t bytes);
tfa_error tfa_describe(tfa_tensor t, int8_t *dtype, int64_t *rank, int64_t *shape, int64_t capacity);
tfa_error tfa_item(tfa_tensor t, double *out);
tfa_error tfa_copy(tfa_tensor destination, tfa_tensor source);
tfa_error tfa_to(tfa_tensor t, const char *device, int8_t dtype, tfa_tensor *out);
tfa_error tfa_equal(tfa_tensor a, tfa_tensor b, int8_t *out);
// *out is the first of the tensors that holds infinities or what is no number, -1 for none (finite.cc).
tfa_error tfa_first_not_finite(const tfa_tensor *tensors, int64_t count, int64_t *out);

// Autograd (autograd.cc). Grad mode belongs to the calling thread.
int8_t tfa_set_grad_enabled(int8_t enabled);
tfa_error tfa_set_requires_grad(tfa_tensor t, int8_t requires_grad);
tfa_error tfa_requires_grad(tfa_tensor t, int8_t *out);
tfa_error tfa_backward(tfa_tensor t);
tfa_error tfa_grad(tfa_tensor t, tfa_tensor *out);  // *out is NULL when t has no gradient
tfa_error tfa_clear_grad(tfa_tensor t);

// Operators that gotorch lacks (operators.cc).
tfa_error tfa_add_scalar(tfa_tensor a, double b, tfa_tensor *out);
tfa_error tfa_mul_scalar(tfa_tensor a, double b, tfa_tensor *out);
tfa_error tfa_pow(tfa_tensor a, double exponent, tfa_tensor *out);
tfa_error tfa_log10(tfa_tensor a, tfa_tensor *out);
tfa_error tfa_rsqrt(tfa_tensor a, tfa_tensor *out);
tfa_error tfa_mean(tfa_tensor a, const int64_t *dims, int64_t count, int8_t keep, tfa_tensor *out);
tfa_error tfa_sum(tfa_tensor a, const int64_t *dims, int64_t count, int8_t keep, tfa_tensor *out);
tfa_error tfa_relu_(tfa_tensor a);
tfa_error tfa_relu6_(tfa_tensor a);
tfa_error tfa_gelu(tfa_tensor a, tfa_tensor *out);
tfa_error tfa_add_(tfa_tensor a, tfa_tensor b);
tfa_error tfa_prelu(tfa_tensor a, tfa_tensor weight, tfa_tensor *out);
tfa_error tfa_softmax(tfa_tensor a, int64_t dim, tfa_tensor *out);
tfa_error tfa_layer_norm(tfa_tensor a, tfa_tensor weight, tfa_tensor bias, double epsilon, tfa_tensor *out);
tfa_error tfa_mse_loss(tfa_tensor a, tfa_tensor b, tfa_tensor *out);
tfa_error tfa_cross_entropy(tfa_tensor logits, tfa_tensor labels, int8_t per_sample, tfa_tensor *out);
tfa_error tfa_cat(const tfa_tensor *tensors, int64_t count, int64_t dim, tfa_tensor *out);
tfa_error tfa_narrow(tfa_tensor a, int64_t dim, int64_t start, int64_t length, tfa_tensor *out);
tfa_error tfa_slice(tfa_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step, tfa_tensor *out);
tfa_error tfa_pad(tfa_tensor a, const int64_t *padding, int64_t count, const char *mode, double value, tfa_tensor *out);
tfa_error tfa_pixel_shuffle(tfa_tensor a, int64_t factor, tfa_tensor *out);
tfa_error tfa_avg_pool2d(tfa_tensor a, int64_t kernel, int64_t stride, int64_t padding, int8_t count_padding,
                         tfa_tensor *out);

tfa_error tfa_group_norm(tfa_tensor a, int64_t groups, tfa_tensor weight, tfa_tensor bias, double epsilon, tfa_tensor *out);
tfa_error tfa_take(tfa_tensor a, tfa_tensor indices, tfa_tensor *out);
tfa_error tfa_binary_cross_entropy(tfa_tensor logits, tfa_tensor targets, tfa_tensor *out);
tfa_error tfa_smooth_l1(tfa_tensor a, tfa_tensor b, double beta, tfa_tensor *out);

// Features of regions of interest (regions.cc). features (1,C,H,W); rois: count x (x1, y1, x2, y2) on the host, in pixels
// of the image, of which scale makes pixels of the features. *out is (count,C,high,wide).
tfa_error tfa_roi_align(tfa_tensor features, const float *rois, int64_t count, int64_t high, int64_t wide, double scale,
                        int64_t sampling, int8_t aligned, tfa_tensor *out);
tfa_error tfa_roi_pool(tfa_tensor features, const float *rois, int64_t count, int64_t high, int64_t wide, double scale,
                       tfa_tensor *out);

// Dropout, of elements and of whole samples (dropout.cc).
// Dimension 0 of a is a part of a larger whole: before of whole samples come before it, and masks are drawn for all of them.
tfa_error tfa_dropout(tfa_tensor a, double probability, tfa_generator g, int64_t before, int64_t whole, tfa_tensor *out);
tfa_error tfa_stochastic_depth(tfa_tensor a, double probability, tfa_generator g, int64_t before, int64_t whole,
                               tfa_tensor *out);

// Generators (random.cc): CPU Mersenne twisters, the streams of torch.Generator().
tfa_error tfa_generator_new(uint64_t seed, tfa_generator *out);
void tfa_generator_free(tfa_generator g);
tfa_error tfa_generator_state(tfa_generator g, tfa_tensor *out);
tfa_error tfa_generator_set_state(tfa_generator g, tfa_tensor state);
tfa_error tfa_randn(tfa_generator g, const int64_t *shape, int64_t rank, tfa_tensor *out);
tfa_error tfa_randn_memory(tfa_generator g, float *data, int64_t count);
tfa_error tfa_uniform_(tfa_generator g, tfa_tensor t, double low, double high);
tfa_error tfa_normal_(tfa_generator g, tfa_tensor t, double mean, double std);
tfa_error tfa_randperm(tfa_generator g, int64_t n, tfa_tensor *out);

// Optimizers made by gotorch (optimizer.cc): steps that report errors, and state in and out.
tfa_error tfa_optimizer_step(tfa_optimizer o);
tfa_error tfa_optimizer_set_learning_rate(tfa_optimizer o, double learning_rate);
// *out is NULL where the parameter has no such state yet. Fields: step, exp_avg, exp_avg_sq (Adam), momentum_buffer (SGD).
tfa_error tfa_optimizer_state(tfa_optimizer o, tfa_tensor parameter, const char *field, tfa_tensor *out);
tfa_error tfa_optimizer_set_state(tfa_optimizer o, tfa_tensor parameter, const char *field, tfa_tensor value);

// Several processes (distributed.cc): where they meet, and groups of them. Times are milliseconds. An error that another
// process caused by its end begins with TFA_LOST, wherever it is met.
#define TFA_LOST "lost another process: "
int8_t tfa_has_backend(const char *name);  // gloo, nccl
tfa_error tfa_store_new(const char *host, int32_t port, int8_t server, int64_t timeout, tfa_store *out,
                        int32_t *actual_port);
void tfa_store_free(tfa_store s);
tfa_error tfa_store_set(tfa_store s, const char *key, const void *data, int64_t bytes);
tfa_error tfa_store_check(tfa_store s, const char *key, int8_t *out);
tfa_error tfa_store_get(tfa_store s, const char *key, tfa_tensor *out);  // of bytes
tfa_error tfa_group_new(const char *host, int32_t port, const char *prefix, const char *backend, int64_t rank,
                        int64_t size, int64_t timeout, tfa_group *out);
void tfa_group_free(tfa_group g);
tfa_error tfa_all_reduce(tfa_group g, tfa_tensor t);  // adds up, in place

// Gradients averaged over a group (reducer.cc), in buckets of so many bytes. The group must outlive the reducer.
tfa_error tfa_reducer_new(tfa_group g, const tfa_tensor *parameters, int64_t count, int64_t bytes, tfa_reducer *out);
void tfa_reducer_free(tfa_reducer r);
tfa_error tfa_reducer_backward(tfa_reducer r, tfa_tensor loss);
void tfa_reducer_buckets(tfa_reducer r, int64_t *count, int64_t *early);

// BatchNorm in training over a group's images (sync_batch_norm.cc); those of an idle process do not count.
tfa_error tfa_sync_batch_norm(tfa_group g, tfa_tensor x, tfa_tensor running_mean, tfa_tensor running_variance,
                              tfa_tensor weight, tfa_tensor bias, double momentum, double epsilon, int8_t idle,
                              tfa_tensor *out);

// Services (service.cc).
void tfa_set_threads(int32_t threads);
// Makes large tensors on the CPU keep the memory of freed ones; see memory.cc. Call it once, before the first tensor.
void tfa_pool_memory(void);
// Gives the system what is kept now.
void tfa_release_memory(void);
int64_t tfa_pooled_bytes(void);  // of large tensors that live
int32_t tfa_threads(void);
const char *tfa_libtorch_version(void);
// For tests (footprint.cc): the memory blocks of tensors on the CPU that were made since tfa_count_tensors and still live,
// their bytes, and the bytes that all of C and C++ holds, -1 where the C library does not tell. The first call must not run
// beside operators.
void tfa_count_tensors(void);
void tfa_footprint(int64_t *tensors, int64_t *tensor_bytes, int64_t *heap);
int8_t tfa_cuda_built(void);
int8_t tfa_cuda_available(void);

#ifdef __cplusplus
}
#endif
