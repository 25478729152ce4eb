import EventStreams
import Glibc
import Synchronization
import SystemPackage

/// The boxes that are kept warm, one for each environment of calls.
///
/// A box ends when nobody has called for a while, when too many others were used since, and when its packages were installed
/// anew. The next call starts another one.
package final class WarmSandboxes: TaskOwner, Sendable {
    /// Calls of one kind share a box.
    struct Kind: Hashable, Sendable {
        let program: SandboxProgram
        let packages: String?
        /// The file number of the folder with the packages: one that was installed anew has another.
        let packagesFile: UInt64
        let temporaryFolder: Int
        let bubblewrap: String
        let user: UInt32
        let node: String?
        let network: Bool
        let apiFolder: String?

        init(program: SandboxProgram, packages: String?, temporaryFolder: Int, sandbox: ToolSandbox) {
            self.program = program
            self.packages = packages
            self.temporaryFolder = temporaryFolder
            bubblewrap = sandbox.bubblewrap
            user = sandbox.user
            node = sandbox.node
            network = !sandbox.network.isEmpty
            apiFolder = sandbox.apiFolder
            var state = stat()
            packagesFile = packages.map { stat($0, &state) == 0 ? UInt64(state.st_ino) : 0 } ?? 0
        }
    }

    private struct State {
        /// The last one was used last.
        var boxes: [(kind: Kind, box: WarmSandbox)] = []
        var ending: [WarmSandbox] = []
        /// Why the system allows no boxes in boxes; nil while it does.
        var refusal: String?
        var isClosed = false
    }

    /// How long a box waits for the next call.
    let idleSeconds: Double
    private let most: Int
    private let state = Mutex(State())

    package init(idleSeconds: Double = 300, most: Int = 8) {
        self.idleSeconds = idleSeconds
        self.most = most
    }

    /// Why calls start sandboxes of their own; nil while they need not.
    package var refusal: String? { state.withLock { $0.refusal } }

    /// The boxes that are there.
    package var count: Int { state.withLock { $0.boxes.count } }

    /// Has a box carry out a call and returns what it wrote; nil where the system allows no boxes in boxes.
    ///
    /// - Throws: `SandboxFailure` when no box could be started, `CancellationError`.
    func call(
        _ kind: Kind, _ call: WarmSandbox.Call, start: () throws -> WarmSandbox
    ) async throws -> [UInt8]? {
        var reason = ""
        // A box may end just when it is needed. A call that did not begin may be made again.
        for _ in 0..<2 {
            guard refusal == nil, let box = try box(for: kind, start: start) else { return nil }
            if let said = try await box.carryOut(call) {
                guard said.first == UInt8(ascii: "!") else { return said }
                let reason = String(decoding: said.dropFirst(), as: UTF8.self)
                state.withLock { $0.refusal = reason }
                return nil
            }
            remove(box)
            reason = await box.end()
            try Task.checkCancellation()
        }
        throw SandboxFailure.broken(reason)
    }

    /// Ends all boxes and waits for them.
    package func close() async {
        let boxes = state.withLock { state in
            state.isClosed = true
            let boxes = state.boxes.map(\.box) + state.ending
            state.boxes = []
            state.ending = []
            return boxes
        }
        for box in boxes { _ = await box.end() }
    }

    private func box(for kind: Kind, start: () throws -> WarmSandbox) throws -> WarmSandbox? {
        if let box = use(kind) { return box }
        let new = try start()
        // Another call may have started one meanwhile.
        let (box, surplus) = state.withLock { state -> (WarmSandbox?, WarmSandbox?) in
            guard !state.isClosed else { return (nil, new) }
            if let other = state.boxes.first(where: { $0.kind == kind })?.box { return (other, new) }
            let outdated = state.boxes.firstIndex {
                $0.kind.packages == kind.packages && $0.kind.packagesFile != kind.packagesFile
            }
            let tooMany = state.boxes.count >= most ? 0 : nil
            let old = (outdated ?? tooMany).map { state.boxes.remove(at: $0).box }
            state.boxes.append((kind, new))
            return (new, old)
        }
        if let surplus { end(surplus) }
        return box
    }

    private func use(_ kind: Kind) -> WarmSandbox? {
        state.withLock { state in
            guard let index = state.boxes.firstIndex(where: { $0.kind == kind }) else { return nil }
            let entry = state.boxes.remove(at: index)
            state.boxes.append(entry)
            return entry.box
        }
    }

    private func remove(_ box: WarmSandbox) {
        state.withLock { state in state.boxes.removeAll { $0.box === box } }
    }

    /// Lets a box end its calls.
    private func end(_ box: WarmSandbox) {
        box.hangUp()
        state.withLock { state in
            state.ending.removeAll { $0.hasEnded }
            state.ending.append(box)
        }
    }
}
