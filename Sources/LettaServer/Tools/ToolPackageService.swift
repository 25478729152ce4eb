import JSON
import LettaAPI
import Logging
import Storage
import Synchronization
import ToolRuntime

/// Installs the packages of tools in the background, one set after the other, and writes into the tools how far it is.
///
/// What is to be installed is in the table of tools, so a restart loses nothing. A call never installs anything.
final class ToolPackageService: Sendable {
    private struct State {
        /// Calls that wait for packages.
        var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastNumber = 0
    }

    private static let longestDetail = 500

    private let core: Core
    private let sandbox: ToolSandbox
    private let loop: WorkLoop
    private let state = Mutex(State())

    init(core: Core, sandbox: ToolSandbox) {
        self.core = core
        self.sandbox = sandbox
        loop = WorkLoop(core: core, failureNotice: "Packages of tools are installed later")
    }

    var isAllowed: Bool { sandbox.packagesFolder != nil }

    /// The status that a tool with new requirements starts with; nil without requirements.
    func status(of packages: ToolPackages?) -> ToolPackages.Status? {
        guard let packages else { return nil }
        return isAllowed ? sandbox.packages(packages.key) == nil ? .pending : .ready : .off
    }

    /// What a new or changed tool shows of its packages.
    func state(of requirements: RawJSON?, missing: [String]) -> (status: String?, detail: String?) {
        let wanted = ToolPackages(stored: requirements)
        guard wanted == nil, !missing.isEmpty else { return (status(of: wanted)?.rawValue, nil) }
        return (ToolPackages.Status.missing.rawValue, ToolPackages.hint(missing))
    }

    /// The folder with the packages; nil when they are not installed.
    func folder(of packages: ToolPackages) -> String? { sandbox.packages(packages.key) }

    /// The folder with the packages of a tool; nil for a tool that needs none, or where none are allowed. Waits for packages
    /// that are being installed, as long as the call might have taken.
    ///
    /// - Throws: `PackagesMissing`, `CancellationError`, database errors.
    func folder(for given: CallableToolRow) async throws -> String? {
        var tool = given
        let deadline = ContinuousClock.now.advanced(by: .seconds(sandbox.limits.seconds))
        while let requirements = tool.pipRequirements, Self.isAwaited(tool), ContinuousClock.now < deadline {
            let (stream, number) = changes()
            defer { leave(number) }
            // Read after the changes are watched, so that none is missed.
            let state = try await core.storage.read { db in try ToolPackageStore.state(of: requirements, db) }
            tool.packagesStatus = state?.status
            tool.packagesDetail = state?.detail
            if Self.isAwaited(tool) { try await Self.next(stream, before: deadline) }
        }
        return try await installedFolder(for: tool)
    }

    private static func isAwaited(_ tool: CallableToolRow) -> Bool {
        let status = tool.packagesStatus.flatMap(ToolPackages.Status.init)
        return status == .pending || status == .building
    }

    private func changes() -> (AsyncStream<Void>, Int) {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastNumber += 1
            state.waiting[state.lastNumber] = continuation
            return state.lastNumber
        }
        return (stream, number)
    }

    private func leave(_ number: Int) {
        state.withLock { $0.waiting[number] = nil }
    }

    private static func next(_ changes: AsyncStream<Void>, before deadline: ContinuousClock.Instant) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in changes { return } }
            group.addTask { try await ContinuousClock().sleep(until: deadline) }
            try await group.next()
            group.cancelAll()
        }
        try Task.checkCancellation()
    }

    private func installedFolder(for tool: CallableToolRow) async throws -> String? {
        let names = ToolPackages(stored: tool.pipRequirements)?.requirements.joined(separator: ", ") ?? ""
        switch tool.packagesStatus.flatMap(ToolPackages.Status.init) {
        case nil, .off, .missing: return nil
        case .failed:
            throw PackagesMissing("its packages (\(names)) could not be installed: \(tool.packagesDetail ?? "")")
        case .pending, .building:
            throw PackagesMissing(
                "its packages (\(names)) are still being installed after \(Int(sandbox.limits.seconds)) seconds. Retry later."
            )
        case .ready:
            guard let requirements = tool.pipRequirements, let packages = ToolPackages(stored: requirements) else {
                return nil
            }
            if let folder = folder(of: packages) { return folder }
            try await core.storage.write { db in try ToolPackageStore.renew(requirements, db) }
            wake()
            throw PackagesMissing("its packages (\(names)) are gone and are installed anew. Retry later.")
        }
    }

    /// Installs what tools wait for, also what an earlier server left.
    func start() {
        guard isAllowed else { return }
        loop.start { [self] _ in
            guard let next = try await core.storage.read({ db in try ToolPackageStore.next(db) }) else {
                return .nothing(until: nil)
            }
            try await install(next)
            return .more
        }
    }

    /// Says that a tool waits for packages.
    func wake() { loop.wake() }

    /// Stops installing. The next start of the server goes on.
    func close() async { await loop.close() }

    private func install(_ requirements: RawJSON) async throws {
        guard let packages = ToolPackages(stored: requirements) else {
            return try await set(.failed, "pip_requirements are a list of {\"name\": …, \"version\": …}", requirements)
        }
        if folder(of: packages) == nil {
            try await set(.building, nil, requirements)
            do {
                try await sandbox.install(packages.requirements, as: packages.key)
            } catch let failure as SandboxFailure {
                core.logger.error("Packages of a tool were not installed", metadata: ["error": "\(failure)"])
                let detail = String("\(failure)".prefix(Self.longestDetail))
                return try await set(.failed, detail, requirements)
            }
        }
        try await set(.ready, nil, requirements)
    }

    private func set(_ status: ToolPackages.Status, _ detail: String?, _ requirements: RawJSON) async throws {
        try await core.storage.write { db in try ToolPackageStore.set(status, detail, of: requirements, db) }
        for waiter in state.withLock({ Array($0.waiting.values) }) { waiter.yield() }
    }
}

/// Why a tool can't run without its packages; continues a sentence.
struct PackagesMissing: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
