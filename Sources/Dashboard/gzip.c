#include "Dashboard.h"

#include <zlib.h>

size_t dashboard_gzip(const unsigned char *bytes, size_t size, unsigned char *buffer, size_t capacity) {
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = size, .next_out = buffer, .avail_out = capacity};
    // 15 is the largest window; 16 more stand for gzip's header.
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    int status = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return status == Z_STREAM_END ? stream.total_out : 0;
}
