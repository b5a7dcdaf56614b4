// Inner loops of 8-bit RGB resampling; see resize.go.
#ifndef TRANSFERA_IMAGING_RESAMPLE_H
#define TRANSFERA_IMAGING_RESAMPLE_H

#include <stdint.h>

// One weight is WEIGHT_BITS bits of fraction, as Pillow's PRECISION_BITS.
enum { WEIGHT_BITS = 22 };

int imaging_have_avx2(void);

// imaging_horizontal makes rows of out_width pixels from rows of in_width
// pixels; imaging_vertical makes out_rows rows of `width` bytes from rows of
// the same width. Output i is the sum of count[i] inputs from first[i] on,
// times weight[i*taps], weight[i*taps+1], ..., rounded and clipped to 0..255.
// Neither function reads or writes outside the rows. simd must be 0 where
// imaging_have_avx2 returns 0; the results are the same.
void imaging_horizontal(uint8_t *dst, const uint8_t *src, long in_width, long out_width, long rows,
                        const int32_t *first, const int32_t *count, const int32_t *weight,
                        long taps, int simd);
void imaging_vertical(uint8_t *dst, const uint8_t *src, long width, long out_rows,
                      const int32_t *first, const int32_t *count, const int32_t *weight,
                      long taps, int simd);

#endif
