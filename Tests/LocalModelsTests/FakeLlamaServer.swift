import Foundation
import Logging
import ModelProviders
import Testing

@testable import LocalModels

/// A runtime whose `llama-server` is a script that answers as the real one does, and writes down how it was started.
final class FakeRuntime: Sendable {
    let scratch: Scratch
    let runtime: LocalRuntime
    let provider: LocalModelProvider
    let transport = ProviderTransport()
    let clock = JumpingClock()

    static let chat = model("chatter", .chat)
    static let otherChat = model("talker", .chat)
    static let embedding = model("vector", .embedding)
    static let absent = model("absent", .chat)

    init() throws {
        scratch = try Scratch()
        try scratch.write(Self.script, to: "llama-server", executable: true)
        try scratch.write("", to: "starts")
        for model in [Self.chat, Self.otherChat, Self.embedding] {
            try scratch.write("GGUF", to: "models/\(model.name)/model.gguf")
        }
        runtime = Self.runtime(scratch, transport, clock)
        provider = LocalModelProvider(
            runtime: runtime, catalogue: [Self.chat, Self.otherChat, Self.embedding, Self.absent])
    }

    private static func runtime(_ scratch: Scratch, _ transport: ProviderTransport, _ clock: JumpingClock)
        -> LocalRuntime
    {
        LocalRuntime(
            dataFolder: scratch.path,
            program: RuntimeProgram(dataFolder: scratch.path, configured: "\(scratch.path)/llama-server"),
            transport: transport, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
    }

    /// That of another process on the same data folder.
    func anotherRuntime() -> LocalRuntime { Self.runtime(scratch, transport, clock) }

    var sockets: [String] { scratch.names(in: "run").filter { $0.hasSuffix(".sock") } }

    func removeSockets() throws {
        for name in sockets { try FileManager.default.removeItem(atPath: "\(scratch.path)/run/\(name)") }
    }

    /// As a process leaves it that is killed.
    func leaveDeadSocket(_ name: String) throws {
        let script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        let python = try Process.run(
            URL(filePath: "/usr/bin/python3"), arguments: ["-c", script, "\(scratch.path)/run/\(name)"])
        python.waitUntilExit()
    }

    /// Ends what the test started, whatever the test found.
    static func with(_ body: (FakeRuntime) async throws -> Void) async throws {
        let fake = try FakeRuntime()
        do {
            try await body(fake)
        } catch {
            await fake.close()
            throw error
        }
        await fake.close()
    }

    private func close() async {
        await runtime.close()
        try? await transport.shutdown()
    }

    /// One line a start: the process, the signal it gets when we die, the arguments, the names of its variables.
    var starts: [Start] { scratch.read("starts").split(separator: "\n").map { Start(line: String($0)) } }

    struct Start {
        let pid: Int32
        let deathSignal: String
        let arguments: String
        let variables: Set<String>

        init(line: String) {
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            pid = Int32(columns[0]) ?? 0
            deathSignal = columns[1]
            arguments = columns[2]
            variables = Set(columns[3].split(separator: " ").map(String.init))
        }

        var isRunning: Bool { kill(pid, 0) == 0 }
    }

    func ask(_ model: LocalModel = FakeRuntime.chat) async throws -> String? {
        try await provider.complete(Self.request(model)).text
    }

    static func request(_ model: LocalModel) -> ModelRequest {
        ModelRequest(model: model.name, messages: [.user([.text("Hello")])])
    }

    private static func model(_ name: String, _ purpose: LocalModel.Purpose) -> LocalModel {
        LocalModel(
            name: name, shortName: name, title: name, purpose: purpose, wheels: [], recipe: .join, sha256: "", bytes: 4,
            contextWindow: 512, embeddingDimensions: purpose == .embedding ? 2 : nil,
            origin: .init(author: "", model: "", licence: ""), template: purpose == .chat ? "a template" : nil)
    }

    /// Obeys files beside it: `crash` makes it end at once, `die` at a request, `dying` at every request, `loading` says that it is not ready.
    private static let script = #"""
        #!/usr/bin/env python3
        import ctypes, http.server, json, os, socketserver, sys
        if "--help" in sys.argv:
            print("--no-ui --sleep-idle-seconds --kv-unified")
            raise SystemExit
        home = os.path.dirname(os.path.abspath(sys.argv[0]))
        has = lambda name: os.path.exists(os.path.join(home, name))
        signal = ctypes.c_int()
        ctypes.CDLL(None).prctl(2, ctypes.byref(signal))
        with open(os.path.join(home, "starts"), "a") as file:
            line = [str(os.getpid()), str(signal.value), " ".join(sys.argv[1:]), " ".join(os.environ)]
            file.write("\t".join(line) + "\n")
        print("here I am", flush=True)
        if has("crash"):
            raise SystemExit("no such tensor")

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self):
                return "socket"
            def log_message(self, *words):
                pass
            def answer(self, body, status=200):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            def do_GET(self):
                if self.path == "/health" and has("loading"):
                    return self.answer({"error": "Loading model"}, 503)
                self.answer({"data": [{"id": "x", "owned_by": "llamacpp"}]})
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if has("dying"):
                    os._exit(9)
                if has("die"):
                    os.remove(os.path.join(home, "die"))
                    os._exit(9)
                if self.path == "/v1/embeddings":
                    if any(len(text) > 1024 for text in body["input"]):
                        return self.answer({"error": {"type": "exceed_context_size_error", "message": "too long"}}, 400)
                    vectors = [[float(len(text)), 1.0] for text in body["input"]]
                    return self.answer({"data": [{"index": i, "embedding": v} for i, v in enumerate(vectors)]})
                text = f"{body['model']} says hello"
                if not body.get("stream"):
                    message = {"role": "assistant", "content": text}
                    return self.answer({"choices": [{"finish_reason": "stop", "message": message}]})
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for word in text.split():
                    chunk = {"choices": [{"index": 0, "delta": {"content": word}}]}
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
                self.wfile.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 64
        Server(sys.argv[sys.argv.index("--host") + 1], Handler).serve_forever()
        """#
}
