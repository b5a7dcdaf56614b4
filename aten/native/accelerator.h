// What a GPU needs beside operators: number formats, memory layouts, transfers that do not wait, one-kernel optimizer steps,
// captured steps. A part of the C ABI of transfera.h, under the same rules. Everything here but the captured steps exists on
// the CPU too, where it is what it was on the GPU without the haste.
#pragma once

#include "transfera.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef void *tfa_readback;
typedef void *tfa_graph;

// Number formats (precision.cc). Autocast belongs to the calling thread: operators that gain from it compute in bfloat16.
// device is "cpu" or "cuda". Leaving it forgets the weights that it cast.
tfa_error tfa_autocast(const char *device, int8_t enabled);
// TF32 in the matrix products and convolutions of NVIDIA GPUs, for the whole process.
void tfa_allow_tf32(int8_t allowed);
// Lets cuDNN time its algorithms for every new shape and take the fastest, for the whole process: which one that is may differ
// between runs, and with it the rounding.
void tfa_tune_convolutions(int8_t enabled);

// Layouts and transfers (transfer.cc). A tensor of 4 dimensions becomes channels-last; others stay as they are.
tfa_error tfa_channels_last(tfa_tensor t, tfa_tensor *out);
tfa_error tfa_is_channels_last(tfa_tensor t, int8_t *out);
// Copies data to device. On a GPU the copy runs beside the computation, which waits for it where it uses the result.
tfa_error tfa_upload(const void *data, int8_t dtype, const int64_t *shape, int64_t rank, const char *device,
                     int8_t channels_last, tfa_tensor *out);
// Begins to copy so many one-element tensors to the host; NULL handles read as NaN. tfa_readback_end waits for them,
// writes the values and frees r.
tfa_error tfa_readback_begin(const tfa_tensor *tensors, int64_t count, tfa_readback *out);
tfa_error tfa_readback_end(tfa_readback r, double *values);
// Waits until the device has done all that it was asked for.
tfa_error tfa_synchronize(const char *device);
// The most bytes that tensors on the device held since the last reset, and those of now. 0 without CUDA.
tfa_error tfa_device_memory(const char *device, int8_t reset, int64_t *peak, int64_t *current);

// Adam in few kernels (adam.cc): 1 with lists of tensors, 2 in one kernel, which CUDA has. It changes what
// torch::optim::Adam keeps, so that the two may take turns.
tfa_error tfa_adam_step(tfa_optimizer o, int8_t way);
// The parts of a step of way 2 for captured steps: count holds how many steps were done, in one float32 on the device;
// advance tells the optimizer's own counters of steps that were done behind its back.
tfa_error tfa_adam_step_counting(tfa_optimizer o, tfa_tensor count);
tfa_error tfa_adam_advance(tfa_optimizer o, int64_t steps);

// Captured steps (cuda_graph.cc). *reason is NULL where there are some, else says why not, to be freed.
void tfa_graph_missing(tfa_error *reason);
// What the calling thread asks of the device from begin to end is recorded, not done; replay does it. A capture that is
// freed before its end is given up.
tfa_error tfa_graph_begin(const char *device, tfa_graph *out);
tfa_error tfa_graph_end(tfa_graph g);
tfa_error tfa_graph_replay(tfa_graph g);
void tfa_graph_free(tfa_graph g);

#ifdef __cplusplus
}
#endif
