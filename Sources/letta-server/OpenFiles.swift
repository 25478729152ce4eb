import Glibc
import Logging

/// The limit of open file descriptors.
enum OpenFiles {
    /// Raises the soft limit to the hard limit: a streamed answer takes one connection to the client and one to the model,
    /// so the default of 1,024 allows about 500 of them.
    static func raiseLimit(logger: Logger) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(resource, &limit) != 0 else { return }
        logger.warning(
            "Could not raise the limit of open files", metadata: ["error": "\(String(cString: strerror(errno)))"])
    }
}
