import NIOCore
import NIOPosix

/// Runs tasks on one event loop.
///
/// Work that comes back from a database's thread would go on at any loop, and from there to the connection's: two
/// threads woken for nothing.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    private init(_ loop: any EventLoop) {
        self.loop = loop
    }

    /// The loop of the thread that calls; nil on any other thread.
    static var current: LoopExecutor? {
        MultiThreadedEventLoopGroup.currentEventLoop.map(LoopExecutor.init)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
