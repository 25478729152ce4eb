#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Starts threads that may block, for connections that the cooperative pool must not wait for.
package enum DatabaseThread {
    /// Documents are decoded on these threads, and decoding recurses: up to 1,024 levels of JSON, at a few KiB a level in
    /// a debug build. This is glibc's usual size, whatever `ulimit -s` says; only the pages that are touched cost memory.
    private static let stackSize = 8 << 20

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// - Throws: `.unavailable` when the system has no thread left; `run` is not called then.
    package static func start(_ run: @escaping @Sendable () -> Void) throws(SQLFailure) {
        let body = Unmanaged.passRetained(Body(run))
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(attributes, stackSize)
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        let code = pthread_create(
            &thread, attributes,
            { context in
                guard let context = context as UnsafeMutableRawPointer? else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw SQLFailure(.unavailable, "can not start a thread: \(String(cString: strerror(code)))")
        }
    }
}
