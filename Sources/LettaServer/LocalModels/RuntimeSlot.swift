import Logging
import ModelProviders

/// Runs at most one model at a time, the one that is asked for.
///
/// The first caller starts it and all others wait for the same start. It stays until another model is wanted, which
/// waits for the calls under way, or until the server ends.
actor RuntimeSlot {
    private let makeLaunch: @Sendable (LocalModel) throws -> RuntimeLaunch
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let logger: Logger
    private let uses = UseCount()
    private var current: RuntimeProcess?
    private var leaving: RuntimeProcess?
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
        elapsed = Self.stopwatch(clock)
    }

    /// Returns when the model answers; it keeps running at least as long as the lease is held.
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
            throw ProviderFailure(.connection, message: "The local model can't be started: \(error)")
        }
    }

    /// Ends what runs; whoever comes later is refused.
    func close() async {
        isClosed = true
        await leaving?.stop()
        await current?.stop()
        current = nil
    }

    /// Takes one step towards the model; nil means that things changed and have to be looked at again.
    private func tryLease(of model: LocalModel) async throws -> RuntimeLease? {
        if let leaving {
            await leaving.stop()
            if self.leaving === leaving { self.leaving = nil }
            return nil
        }
        guard let current else {
            try await start(model)
            return nil
        }
        if let ending = current.ending {
            note(ending, of: current)
            return nil
        }
        guard current.launch.model == model else {
            try await uses.waitForZero()
            if self.current === current, uses.isZero {
                (self.current, leaving) = (nil, current)
            }
            return nil
        }
        let lease = RuntimeLease(process: current, uses: uses)
        try await current.waitUntilSettled()
        return current.ending == nil ? lease : nil
    }

    private func start(_ model: LocalModel) async throws {
        switch restarts.next(at: elapsed()) {
        case .now:
            let launch = try makeLaunch(model)
            logger.info("Starting a local model", metadata: ["model": "\(model.name)"])
            current = RuntimeProcess.start(launch, elapsed: elapsed)
        case .wait(let delay):
            try await clock.sleep(for: delay)
        case .givenUp:
            let log = try makeLaunch(model).log.path
            throw ProviderFailure(
                .connection,
                message: """
                    The local model \(model.name) failed \(RestartPolicy.limit) times in ten minutes (\(lastReason)). \
                    See \(log).
                    """)
        }
    }

    private func note(_ ending: RuntimeProcess.Ending, of process: RuntimeProcess) {
        current = nil
        restarts.failed(at: ending.time)
        lastReason = ending.reason
        logger.warning(
            "A local model ended unasked",
            metadata: [
                "model": "\(process.launch.model.name)", "reason": "\(ending.reason)",
                "log": "\(process.launch.log.path)",
            ])
    }

    private static func stopwatch<Time: Clock<Duration>>(_ clock: Time) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}

/// The right to call a running model. The model is not taken away before the last one is let go.
final class RuntimeLease: Sendable {
    let process: RuntimeProcess
    private let uses: UseCount

    init(process: RuntimeProcess, uses: UseCount) {
        self.process = process
        self.uses = uses
        uses.begin()
    }

    deinit { uses.end() }

    var provider: OpenAIProvider { process.launch.provider }
}
