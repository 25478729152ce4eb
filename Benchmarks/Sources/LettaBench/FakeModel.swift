import Foundation
import Synchronization

/// A model server of OpenAI's chat completions that thinks for no time: what is left of a turn is the server's own.
///
/// It runs on a thread of this process, with plain sockets, cheap enough not to be what is measured.
final class FakeModel: Sendable {
    /// What is done with the calls for streamed answers.
    enum Mode: Int {
        /// Answered at once.
        case prompt
        /// Answered at once, with megabytes.
        case long
        /// Begun with the first word, and ended by ``release()``.
        case holding
        /// A call of a tool, and words once its result is there.
        case calling
    }

    let port: UInt16
    private let listener: Int32
    /// A pipe into which a byte is written for the thread to wake up.
    private let bell: (read: Int32, write: Int32)
    private let mode = Atomic(Mode.prompt.rawValue)
    private let heldCount = Atomic(0)
    private let hasEnded = Atomic(false)
    private let lastBody = Mutex<[UInt8]>([])

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        bell = (ends[0], ends[1])
        var address = SocketAddress.loopback(port: 0)
        let status = SocketAddress.with(&address) { [listener] in bind(listener, $0, $1) }
        guard listener >= 0, ends[0] >= 0, status == 0, listen(listener, 2048) == 0 else {
            throw BenchmarkFailure("the fake model can't listen: errno \(errno)")
        }
        port = try SocketAddress.port(of: listener)
        let thread = Thread { [self] in FakeModelLoop(model: self, listener: listener, bell: bell.read).run() }
        thread.name = "fake-model"
        thread.start()
    }

    /// What a server has to be told to find its models here.
    var environment: [String: String] {
        ["OPENAI_API_KEY": "none", "OPENAI_BASE_URL": "http://127.0.0.1:\(port)/v1", "LETTA_LOCAL": "off"]
    }

    func use(_ mode: Mode) {
        self.mode.store(mode.rawValue, ordering: .sequentiallyConsistent)
    }

    /// How many answers are begun and not ended.
    var held: Int { heldCount.load(ordering: .sequentiallyConsistent) }

    /// Ends all answers that are held.
    func release() {
        use(.prompt)
        ring()
    }

    /// Ends the thread and closes all connections.
    func end() {
        hasEnded.store(true, ordering: .sequentiallyConsistent)
        ring()
    }

    /// The last call for an answer, to be made again without a server between.
    func lastCall(streaming: Bool = true) -> RequestBytes {
        let body = lastBody.withLock { String(decoding: $0, as: UTF8.self) }
        let asked = streaming ? body : body.replacing(#""stream":true"#, with: #""stream":false"#)
        return RequestBytes.post("/v1/chat/completions", asked)
    }

    private func ring() {
        _ = write(bell.write, [1], 1)
    }

    // MARK: For the thread

    var currentMode: Mode { Mode(rawValue: mode.load(ordering: .sequentiallyConsistent)) ?? .prompt }
    var isOver: Bool { hasEnded.load(ordering: .sequentiallyConsistent) }

    func note(_ body: ArraySlice<UInt8>) {
        lastBody.withLock { $0 = Array(body) }
    }

    func note(held count: Int) {
        heldCount.store(count, ordering: .sequentiallyConsistent)
    }
}

/// What the thread of a ``FakeModel`` does, and what only it touches.
private final class FakeModelLoop {
    private final class Client {
        var buffer: [UInt8] = []
    }

    private static let streaming = Array(#""stream":true"#.utf8)
    private static let toolResult = Array(#""role":"tool""#.utf8)

    private let model: FakeModel
    private let listener: Int32
    private let bell: Int32
    private var clients: [Int32: Client] = [:]
    /// Whether `clients` are others than those that are polled.
    private var haveClientsChanged = true
    private var held: Set<Int32> = []

    init(model: FakeModel, listener: Int32, bell: Int32) {
        self.model = model
        self.listener = listener
        self.bell = bell
    }

    func run() {
        var watched: [pollfd] = []
        while !model.isOver {
            if haveClientsChanged {
                haveClientsChanged = false
                watched = ([bell, listener] + clients.keys).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            }
            guard poll(&watched, nfds_t(watched.count), -1) > 0 else { continue }
            for entry in watched where entry.revents != 0 { serve(entry.fd) }
        }
        for file in Array(clients.keys) + [bell, listener] { _ = close(file) }
    }

    private func serve(_ file: Int32) {
        if file == bell {
            var byte: UInt8 = 0
            _ = read(bell, &byte, 1)
            for client in held { send(ModelAnswers.rest, to: client) }
            held = []
            model.note(held: 0)
        } else if file == listener {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            Connection.sendAtOnce(client)
            clients[client] = Client()
            haveClientsChanged = true
        } else if let client = clients[file], !receive(from: file, client) {
            _ = close(file)
            clients[file] = nil
            haveClientsChanged = true
            if held.remove(file) != nil { model.note(held: held.count) }
        }
    }

    /// - Returns: false at the end of the connection.
    private func receive(from file: Int32, _ client: Client) -> Bool {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { bytes in
            let count = recv(file, bytes.baseAddress, bytes.count, 0)
            if count > 0 { client.buffer.append(contentsOf: bytes.prefix(count)) }
            return count
        }
        guard count > 0 else { return false }
        guard let head = HTTPHead(client.buffer), client.buffer.count >= head.length + head.bodyLength else {
            return true
        }
        answer(client.buffer[..<(head.length + head.bodyLength)], bodyStart: head.length, file)
        client.buffer.removeAll(keepingCapacity: true)
        return true
    }

    private func answer(_ request: ArraySlice<UInt8>, bodyStart: Int, _ file: Int32) {
        guard request.first == UInt8(ascii: "P") else { return send(ModelAnswers.models, to: file) }
        model.note(request[bodyStart...])
        guard request.holds(Self.streaming) else { return send(ModelAnswers.whole, to: file) }
        let mode = model.currentMode
        if mode == .calling, !request.holds(Self.toolResult) { return send(ModelAnswers.call, to: file) }
        if mode == .holding {
            held.insert(file)
            model.note(held: held.count)
        }
        send(ModelAnswers.start, to: file)
        switch mode {
        case .prompt, .calling: send(ModelAnswers.rest, to: file)
        case .long: send(ModelAnswers.longRest, to: file)
        case .holding: break
        }
    }

    private func send(_ bytes: [UInt8], to file: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
