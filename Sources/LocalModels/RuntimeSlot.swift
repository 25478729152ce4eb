import EventStreams
import Logging
import ModelProviders

/// Runs at most one model at a time: the one requested last.
///
/// The first caller starts it, concurrent callers wait for the same start. It keeps running until another model is
/// requested, which waits for the calls in progress, or until the slot is closed.
actor RuntimeSlot {
    private let makeLaunch: @Sendable (LocalModel) throws -> RuntimeLaunch
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let logger: Logger
    private let uses = UseCount()
    private var current: RuntimeProcess?
    /// The process that makes room for another model.
    private var stopping: RuntimeProcess?
    private var restarts = RestartPolicy()
    private var lastReason = ""
    private var isClosed = false

    init(
        clock: any Clock<Duration>, logger: Logger,
        makeLaunch: @escaping @Sendable (LocalModel) throws -> RuntimeLaunch
    ) {
        self.makeLaunch = makeLaunch
        self.clock = clock
        self.logger = logger
        elapsed = stopwatch(clock)
    }

    /// Returns when the model is ready. It keeps running at least as long as the lease is held.
    func lease(of model: LocalModel) async throws(ProviderFailure) -> RuntimeLease {
        do {
            while true {
                try Task.checkCancellation()
                guard !isClosed else { throw ProviderFailure(.connection, message: "The server is shutting down.") }
                if let lease = try await tryLease(of: model) { return lease }
            }
        } catch let failure as ProviderFailure {
            throw failure
        } catch is CancellationError {
            throw ProviderFailure(.cancelled, message: "The request was cancelled.")
        } catch {
            throw ProviderFailure(.connection, message: "The local model \(model.name) could not be started: \(error)")
        }
    }

    /// Stops the running process and refuses further leases.
    func close() async {
        isClosed = true
        await stopping?.stop()
        await current?.stop()
        current = nil
    }

    /// Takes one step towards a lease; nil means that the state has changed and the caller should try again.
    private func tryLease(of model: LocalModel) async throws -> RuntimeLease? {
        if let stopping {
            await stopping.stop()
            if self.stopping === stopping { self.stopping = nil }
            return nil
        }
        guard let current else {
            try await start(model)
            return nil
        }
        if let ending = current.ending {
            recordFailure(ending, of: current)
            return nil
        }
        guard current.launch.model == model else {
            try await uses.waitForZero()
            if self.current === current, uses.isZero {
                (self.current, stopping) = (nil, current)
            }
            return nil
        }
        let lease = RuntimeLease(process: current, uses: uses)
        try await current.waitUntilReadyOrEnded()
        return current.ending == nil ? lease : nil
    }

    private func start(_ model: LocalModel) async throws {
        switch restarts.next(at: elapsed()) {
        case .now:
            let launch = try makeLaunch(model)
            logger.info(
                "Starting a local model", metadata: ["model": "\(model.name)", "threads": "\(launch.threads)"])
            current = RuntimeProcess.start(launch, elapsed: elapsed)
        case .wait(let delay):
            try await clock.sleep(for: delay)
        case .giveUp:
            let log = try makeLaunch(model).log.path
            throw ProviderFailure(
                .connection,
                message: """
                    The local model \(model.name) failed \(RestartPolicy.limit) times in ten minutes (\(lastReason)). \
                    See \(log).
                    """)
        }
    }

    private func recordFailure(_ ending: RuntimeProcess.Ending, of process: RuntimeProcess) {
        current = nil
        restarts.failed(at: ending.time)
        lastReason = ending.reason
        logger.warning(
            "A local model exited unexpectedly",
            metadata: [
                "model": "\(process.launch.model.name)", "reason": "\(ending.reason)",
                "log": "\(process.launch.log.path)",
            ])
    }
}

/// The right to call a running model, which is not stopped before its last lease is released.
final class RuntimeLease: Sendable {
    let process: RuntimeProcess
    private let uses: UseCount

    init(process: RuntimeProcess, uses: UseCount) {
        self.process = process
        self.uses = uses
        uses.increment()
    }

    deinit { uses.decrement() }

    var provider: OpenAIProvider { process.launch.provider }
}
