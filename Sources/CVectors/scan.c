#include "CVectors.h"

// A dot product of bytes needs no floating point and a quarter of the memory's bandwidth. The products of two bytes fit
// 16 bits, pairs of them are added to 32 bits, and no sum of 65,536 of them overflows.

static int32_t dot_plain(const int8_t *a, const int8_t *b, size_t n) {
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

static void scan_plain(const int8_t *base, const float *scales, size_t rows, size_t dimensions, const int8_t *query,
                       float *products) {
    for (size_t row = 0; row < rows; row++)
        products[row] = (float)dot_plain(base + row * dimensions, query, dimensions) * scales[row];
}

#if defined(__x86_64__)
#include <immintrin.h>

// The attribute compiles these functions alone for AVX2: the rest of the program runs on every processor.
__attribute__((target("avx2"))) static inline __m256i pairs(const int8_t *a, const int8_t *b) {
    return _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)a)),
                             _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)b)));
}

__attribute__((target("avx2"))) static int32_t dot_avx2(const int8_t *a, const int8_t *b, size_t n) {
    __m256i first = _mm256_setzero_si256(), second = first;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        first = _mm256_add_epi32(first, pairs(a + i, b + i));
        second = _mm256_add_epi32(second, pairs(a + i + 16, b + i + 16));
    }
    int32_t lanes[8];
    _mm256_storeu_si256((__m256i *)lanes, _mm256_add_epi32(first, second));
    int32_t sum = dot_plain(a + i, b + i, n - i);
    for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
    return sum;
}

__attribute__((target("avx2"))) static void scan_avx2(const int8_t *base, const float *scales, size_t rows,
                                                      size_t dimensions, const int8_t *query, float *products) {
    for (size_t row = 0; row < rows; row++)
        products[row] = (float)dot_avx2(base + row * dimensions, query, dimensions) * scales[row];
}
#endif

void cvectors_scan(const int8_t *base, const float *scales, size_t rows, size_t dimensions, const int8_t *query,
                   float *products) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) {
        scan_avx2(base, scales, rows, dimensions, query, products);
        return;
    }
#endif
    scan_plain(base, scales, rows, dimensions, query, products);
}
