#pragma once
#include <stddef.h>
#include <stdint.h>

/// Writes the dot product of `query` and each of the `rows` of `base`, times the row's scale, to `products`.
///
/// Uses the vector instructions that the processor is found to have when the program runs.
void cvectors_scan(const int8_t *base, const float *scales, size_t rows, size_t dimensions, const int8_t *query,
                   float *products);
