import EventStreams
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// A process in a box that forks for each call. It ends when its socket is closed and its calls have ended.
final class WarmSandbox: TaskOwner, Sendable {
    struct Call: Sendable {
        let request: [UInt8]
        /// The folder of a control group for it.
        let controlGroup: String?
        /// Whether it may reach something, with the help of a process beside it.
        let isHelped: Bool
        /// The most bytes to read of its report.
        let limit: Int
    }

    /// Calls are sent over it; nil once it is closed.
    private let socket: Mutex<Int32?>
    private let process: Task<String, Never>
    private let ended = Mutex(false)

    var hasEnded: Bool { ended.withLock { $0 } }

    /// - Parameter run: runs the process with this input and returns why it ended.
    /// - Throws: `SandboxFailure` when there are no descriptors left.
    init(_ run: @escaping @Sendable (SystemPackage.FileDescriptor) async -> String) throws(SandboxFailure) {
        let (own, its) = try Self.pair(SOCK_SEQPACKET)
        socket = Mutex(own)
        process = Task { await run(SystemPackage.FileDescriptor(rawValue: its)) }
    }

    deinit {
        hangUp()
    }

    /// Carries out a call and returns what it wrote; nil when the process did not take it or ended before it began.
    ///
    /// Cancelling the task ends the call.
    func carryOut(_ call: Call) async throws -> [UInt8]? {
        let (own, its) = try Self.pair(SOCK_STREAM)
        guard try send(call, report: its) else {
            close(own)
            return nil
        }
        let said = try await Self.read(own, limit: call.limit)
        return said.isEmpty ? nil : said
    }

    /// Takes no more calls.
    func hangUp() {
        socket.withLock { socket in
            if let open = socket { close(open) }
            socket = nil
        }
    }

    /// Ends it and returns the reason for which it ended.
    func end() async -> String {
        hangUp()
        let reason = await process.value
        ended.withLock { $0 = true }
        return reason
    }

    // MARK: Descriptors

    /// - Returns: whether the process can take the call. Closes the report's descriptor in any case.
    private func send(_ call: Call, report: Int32) throws -> Bool {
        defer { close(report) }
        let input = try SandboxInput.descriptor(of: call.request)
        defer { close(input.rawValue) }
        var descriptors = [input.rawValue, report]
        if let group = call.controlGroup {
            let joining = open("\(group)/cgroup.procs", O_WRONLY | O_CLOEXEC | O_CREAT, 0o644)
            guard joining >= 0 else { throw SandboxFailure.broken("the control group \(group) can't be joined") }
            descriptors.append(joining)
        }
        defer { if descriptors.count > 2 { close(descriptors[2]) } }
        let kind = UInt8(ascii: call.isHelped ? "h" : "c")
        return socket.withLock { socket in socket.map { Self.send(descriptors, kind, over: $0) } ?? false }
    }

    private static func send(_ descriptors: [Int32], _ kind: UInt8, over socket: Int32) -> Bool {
        let header = MemoryLayout<cmsghdr>.size
        let size = header + descriptors.count * MemoryLayout<Int32>.size
        return withUnsafeTemporaryAllocation(byteCount: (size + 7) / 8 * 8, alignment: 8) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            control.storeBytes(of: size, as: Int.self)
            control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            control.storeBytes(of: 1, toByteOffset: 12, as: Int32.self)  // SCM_RIGHTS
            for (place, descriptor) in descriptors.enumerated() {
                control.storeBytes(of: descriptor, toByteOffset: header + 4 * place, as: Int32.self)
            }
            var byte = kind
            return withUnsafeMutablePointer(to: &byte) { byte in
                var piece = iovec(iov_base: byte, iov_len: 1)
                return withUnsafeMutablePointer(to: &piece) { piece in
                    var message = msghdr()
                    message.msg_iov = piece
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    return sendmsg(socket, &message, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) == 1
                }
            }
        }
    }

    /// Reads until nobody can write any more.
    private static func read(_ socket: Int32, limit: Int) async throws -> [UInt8] {
        let channel: NIOAsyncChannel<ByteBuffer, Never>
        do {
            channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .withConnectedSocket(socket) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw SandboxFailure.broken("its report can't be read: \(error)")
        }
        return try await channel.executeThenClose { inbound in
            var said: [UInt8] = []
            for try await piece in inbound {
                said += piece.readableBytesView
                guard said.count <= limit else { throw SandboxFailure.broken("its report is too long") }
            }
            try Task.checkCancellation()
            return said
        }
    }

    private static func pair(_ kind: __socket_type) throws(SandboxFailure) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(kind.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .broken("there is no socket for it: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }
}
