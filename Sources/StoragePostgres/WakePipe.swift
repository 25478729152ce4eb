#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Wakes a thread that polls a socket: a byte in the pipe ends the poll.
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

    /// Blocks until somebody wakes it or the time is over.
    func wait(milliseconds: Int32) {
        var source = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        _ = poll(&source, 1, milliseconds)
        drain()
    }

    func drain() {
        var bytes: [UInt8] = Array(repeating: 0, count: 16)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}
