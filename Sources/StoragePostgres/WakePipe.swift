#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Wakes a thread that polls a socket: whoever writes to the pipe ends the poll.
///
/// The two descriptors are plain numbers that stay open as long as this object.
final class WakePipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    /// Fails when the process has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func wake() {
        var byte: UInt8 = 1
        // A full pipe wakes just as well.
        _ = write(writeEnd, &byte, 1)
    }

    func drain() {
        var bytes: [UInt8] = Array(repeating: 0, count: 16)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}
