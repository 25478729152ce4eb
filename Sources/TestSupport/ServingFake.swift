import Hummingbird
import Logging

/// Answers all GET and POST requests to a free port of this machine for the time of `body`, which gets the port.
func servingFake<Value: Sendable>(
    answering respond: @escaping @Sendable (Request) async throws -> Response, body: (Int) async throws -> Value
) async throws -> Value {
    let (ports, running) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "fake")
    logger.logLevel = .critical
    let router = Router()
    router.on("**", method: .get) { request, _ in try await respond(request) }
    router.on("**", method: .post) { request, _ in try await respond(request) }
    let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { running.yield($0.localAddress?.port ?? 0) }, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var port = 0
        for await each in ports {
            port = each
            break
        }
        let result: Result<Value, any Error>
        do { result = .success(try await body(port)) } catch { result = .failure(error) }
        group.cancelAll()
        while let ended = await group.nextResult() { _ = ended }
        return try result.get()
    }
}
