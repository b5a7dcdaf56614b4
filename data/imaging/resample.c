// Inner loops of 8-bit RGB resampling. They are in C for the vector units: in
// Go, both passes took 1.4 times as long as Pillow's plain C, and here a
// quarter of it.

#include "resample.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { HALF = 1 << (WEIGHT_BITS - 1) };

INLINE uint8_t clip(int32_t sum) {
    sum >>= WEIGHT_BITS;
    return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

INLINE void horizontal_row(uint8_t *dst, const uint8_t *src, long out_width, const int32_t *first,
                           const int32_t *count, const int32_t *weight, long taps) {
    for (long x = 0; x < out_width; x++, dst += 3, weight += taps) {
        const uint8_t *p = src + 3L * first[x];
        int32_t r = HALF, g = HALF, b = HALF;
        for (int32_t k = 0; k < count[x]; k++, p += 3) {
            r += p[0] * weight[k];
            g += p[1] * weight[k];
            b += p[2] * weight[k];
        }
        dst[0] = clip(r);
        dst[1] = clip(g);
        dst[2] = clip(b);
    }
}

// Columns are independent, so a block of them is summed at once in registers.
INLINE void vertical(uint8_t *dst, const uint8_t *src, long width, long out_rows,
                     const int32_t *first, const int32_t *count, const int32_t *weight, long taps) {
    enum { BLOCK = 64 };
    for (long y = 0; y < out_rows; y++, dst += width, weight += taps) {
        const uint8_t *top = src + width * first[y];
        const int32_t n = count[y];
        long x = 0;
        for (; x + BLOCK <= width; x += BLOCK) {
            int32_t sum[BLOCK];
            for (int i = 0; i < BLOCK; i++) sum[i] = HALF;
            const uint8_t *p = top + x;
            for (int32_t k = 0; k < n; k++, p += width)
                for (int i = 0; i < BLOCK; i++) sum[i] += p[i] * weight[k];
            for (int i = 0; i < BLOCK; i++) dst[x + i] = clip(sum[i]);
        }
        for (; x < width; x++) {
            int32_t sum = HALF;
            for (int32_t k = 0; k < n; k++) sum += top[k * width + x] * weight[k];
            dst[x] = clip(sum);
        }
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

int imaging_have_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }

// Two pixels as eight 32-bit numbers. Each load takes one byte more than the
// pixel has; that lane is never stored for good.
AVX2 static inline __m256i two_pixels(const uint8_t *a, const uint8_t *b) {
    int32_t low, high;
    memcpy(&low, a, 4);
    memcpy(&high, b, 4);
    return _mm256_cvtepu8_epi32(_mm_insert_epi32(_mm_cvtsi32_si128(low), high, 1));
}

// Four rows of output at once, since they share their weights. The byte after
// the fourth row of src must be readable.
AVX2 static void horizontal_four_rows(uint8_t *dst, const uint8_t *src, long in_stride,
                                      long out_stride, const int32_t *first, const int32_t *count,
                                      const int32_t *weight, long taps) {
    uint8_t *const end = dst + out_stride;
    for (long x = 0; dst < end; x++, dst += 3, weight += taps) {
        const uint8_t *p = src + 3L * first[x];
        __m256i a = _mm256_set1_epi32(HALF), b = a;
        for (int32_t k = 0; k < count[x]; k++, p += 3) {
            const __m256i w = _mm256_set1_epi32(weight[k]);
            a = _mm256_add_epi32(a, _mm256_mullo_epi32(two_pixels(p, p + in_stride), w));
            b = _mm256_add_epi32(
                b, _mm256_mullo_epi32(two_pixels(p + 2 * in_stride, p + 3 * in_stride), w));
        }
        a = _mm256_srai_epi32(a, WEIGHT_BITS);
        b = _mm256_srai_epi32(b, WEIGHT_BITS);
        // Packing with saturation is the clip to 0..255; each 128-bit half
        // packs on its own, so rows 0 and 2 end up in the lower one.
        a = _mm256_packs_epi32(a, b);
        a = _mm256_packus_epi16(a, a);
        const uint64_t even = _mm256_extract_epi64(a, 0), odd = _mm256_extract_epi64(a, 2);
        const uint32_t out[4] = {even, odd, even >> 32, odd >> 32};
        // The fourth byte falls on the next pixel, which is written after it,
        // except at the end of a row.
        if (dst + 3 < end)
            for (int r = 0; r < 4; r++) memcpy(dst + r * out_stride, &out[r], 4);
        else
            for (int r = 0; r < 4; r++) memcpy(dst + r * out_stride, &out[r], 3);
    }
}

AVX2 static void vertical_avx2(uint8_t *dst, const uint8_t *src, long width, long out_rows,
                               const int32_t *first, const int32_t *count, const int32_t *weight,
                               long taps) {
    vertical(dst, src, width, out_rows, first, count, weight, taps);
}

#else

int imaging_have_avx2(void) { return 0; }

#endif

void imaging_horizontal(uint8_t *dst, const uint8_t *src, long in_width, long out_width, long rows,
                        const int32_t *first, const int32_t *count, const int32_t *weight,
                        long taps, int simd) {
    const long in_stride = 3 * in_width, out_stride = 3 * out_width;
    long y = 0;
#if defined(__x86_64__)
    // One row at least stays for the plain loop: see horizontal_four_rows.
    for (; simd && y + 4 < rows; y += 4)
        horizontal_four_rows(dst + y * out_stride, src + y * in_stride, in_stride, out_stride,
                             first, count, weight, taps);
#endif
    for (; y < rows; y++)
        horizontal_row(dst + y * out_stride, src + y * in_stride, out_width, first, count, weight,
                       taps);
}

void imaging_vertical(uint8_t *dst, const uint8_t *src, long width, long out_rows,
                      const int32_t *first, const int32_t *count, const int32_t *weight, long taps,
                      int simd) {
#if defined(__x86_64__)
    if (simd) {
        vertical_avx2(dst, src, width, out_rows, first, count, weight, taps);
        return;
    }
#endif
    vertical(dst, src, width, out_rows, first, count, weight, taps);
}
