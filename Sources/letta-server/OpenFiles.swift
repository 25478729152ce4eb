import Glibc
import Logging

/// How many files the process may have open.
enum OpenFiles {
    /// Allows as many as the system lets a process have: an answer that streams is a connection to the client and one to
    /// the model, and the usual 1,024 are gone with 500 of them.
    static func raiseLimit(logger: Logger) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(resource, &limit) != 0 else { return }
        logger.warning("The limit of open files could not be raised", metadata: ["errno": "\(errno)"])
    }
}
