#ifndef DASHBOARD_H
#define DASHBOARD_H

#include <stddef.h>

/// A file of the folder Web.
typedef struct {
    /// Relative to the folder.
    const char *path;
    const unsigned char *bytes;
    size_t size;
} DashboardFile;

/// The file at a position, in the order of their paths; NULL behind the last.
const DashboardFile *dashboard_file(size_t position);

/// Compresses bytes as gzip into a buffer.
///
/// Returns the size of the result, or 0 when it does not fit or memory is missing.
size_t dashboard_gzip(const unsigned char *bytes, size_t size, unsigned char *buffer, size_t capacity);

#endif
