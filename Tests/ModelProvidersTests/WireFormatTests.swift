import JSON
import ModelProviders
import TestSupport
import Testing

/// What every wire format has to do.
@Suite(.timeLimit(.minutes(3))) struct WireFormatTests {
    private func run(_ provider: any ModelProvider, _ request: ModelRequest) async -> ([ModelDelta], ProviderFailure?) {
        var deltas: [ModelDelta] = []
        do {
            for try await delta in provider.stream(request) { deltas.append(delta) }
            return (deltas, nil)
        } catch {
            return (deltas, error)
        }
    }

    @Test(arguments: WireFormat.all)
    func `the deltas of a stream come in order`(_ format: WireFormat) async throws {
        try await FakeOpenAI.serving(.events(.bytes(format.whole))) { fake in
            let (deltas, failure) = await run(fake.client(format.kind), format.request)
            #expect(deltas == format.deltas)
            #expect(failure == nil)
            let call = try #require(fake.received.first)
            #expect(call.path == format.path)
            #expect(call.header(format.authorization.name) == format.authorization.value)
            _ = await run(fake.client(format.kind, key: nil), format.request)
            #expect(fake.received.last?.header(format.authorization.name) == nil)
        }
    }

    @Test(arguments: WireFormat.all)
    func `an answer in one piece is the same as its stream`(_ format: WireFormat) async throws {
        var streamed = ModelDeltaAccumulator()
        for delta in format.deltas { streamed.add(delta) }
        try await FakeOpenAI.serving(.json(format.document)) { fake in
            let answer = try await fake.client(format.kind).complete(format.request)
            #expect(answer == streamed.answer)
            #expect(answer.text == "héllo 🦉" && answer.reasoning == "let me" && answer.toolCalls.count == 2)
        }
    }

    @Test(arguments: WireFormat.all)
    func `a stream that arrives in two pieces, split at any byte, is the same`(_ format: WireFormat) throws {
        let bytes = Array(format.whole.utf8)
        for split in bytes.indices {
            #expect(try format.decode([bytes[..<split], bytes[split...]]) == format.deltas, "split at \(split)")
        }
    }

    @Test(arguments: WireFormat.all)
    func `a stream that arrives byte by byte is the same`(_ format: WireFormat) throws {
        let bytes = Array(format.whole.utf8)
        #expect(try format.decode(bytes.indices.map { bytes[$0...$0] }) == format.deltas)
    }

    @Test(arguments: WireFormat.all)
    func `a stream cut at any byte is cut, and gives what came before`(_ format: WireFormat) async throws {
        let last = format.events[..<(format.events.count - 1)].joined().utf8.count
        let bytes = Array(format.whole.utf8)
        // Every 23rd byte, and all around the last event: each cut is a connection.
        let ends = bytes.indices.filter { $0 % 23 == 0 || $0 > last - 2 && $0 < last + 3 }
        let prefixes = ends.compactMap { end in String(validating: bytes[..<end], as: UTF8.self).map { (end, $0) } }
        try await FakeOpenAI.serving(.events(.cut)) { fake in
            for (end, prefix) in prefixes where end < bytes.count - 2 {
                fake.play(.events(.bytes(prefix), .cut))
                let (deltas, failure) = await run(fake.client(format.kind, maximumRetries: 0), format.request)
                #expect(format.deltas.starts(with: deltas), "after \(end) bytes")
                #expect(failure?.kind == .cut, "after \(end) bytes")
            }
        }
    }

    @Test(arguments: WireFormat.all)
    func `a stream that is cut before anything came is repeated`(_ format: WireFormat) async throws {
        try await FakeOpenAI.serving(.events(.cut), .events(.bytes(format.whole))) { fake in
            let (deltas, failure) = await run(fake.client(format.kind), format.request)
            #expect(deltas == format.deltas && failure == nil)
            #expect(fake.received.count == 2)
        }
    }

    @Test(arguments: WireFormat.all)
    func `garbage and errors end a stream after what came before`(_ format: WireFormat) async throws {
        let errorKind: ProviderFailure.Kind = format.kind == .ollama ? .server : .overloaded
        for (event, kind) in [(format.garbage, ProviderFailure.Kind.invalidAnswer), (format.error, errorKind)] {
            try await FakeOpenAI.serving(.events(.bytes(format.text + event + format.text))) { fake in
                let (deltas, failure) = await run(fake.client(format.kind), format.request)
                #expect(deltas == [.text("a")])
                #expect(failure?.kind == kind)
                #expect(fake.received.count == 1)
            }
        }
    }

    @Test(arguments: WireFormat.all)
    func `an error as the first event is repeated like a status`(_ format: WireFormat) async throws {
        try await FakeOpenAI.serving(.events(.bytes(format.error)), .events(.bytes(format.whole))) { fake in
            #expect(await run(fake.client(format.kind), format.request).0 == format.deltas)
            #expect(fake.received.count == 2)
        }
    }

    private static let statuses: [(status: Int, kind: ProviderFailure.Kind, attempts: Int)] = [
        (400, .badRequest, 1), (401, .authentication, 1), (403, .permissionDenied, 1), (404, .notFound, 1),
        (413, .contextWindowExceeded, 1), (429, .rateLimited, 3), (500, .server, 3), (503, .overloaded, 3),
        (529, .overloaded, 3),
    ]

    @Test(arguments: WireFormat.all)
    func `every status is a failure of its kind, and what passes is repeated`(_ format: WireFormat) async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            for row in Self.statuses {
                let body =
                    format.kind == .ollama ? #"{"error": "words"}"# : #"{"error": {"message": "words", "code": null}}"#
                fake.play(.json(body, status: row.status))
                let before = fake.received.count
                let (deltas, failure) = await run(fake.client(format.kind), format.request)
                #expect(deltas.isEmpty && failure?.kind == row.kind && failure?.message == "words", "\(row)")
                #expect(fake.received.count - before == row.attempts, "\(row)")
                let complete = await #expect(throws: ProviderFailure.self) {
                    try await fake.client(format.kind, maximumRetries: 0).complete(format.request)
                }
                #expect(complete?.kind == row.kind, "\(row)")
            }
            fake.play(.json(format.overflow, status: 400))
            #expect(await run(fake.client(format.kind), format.request).1?.kind == .contextWindowExceeded)
            fake.play(.json("<html>not JSON</html>"))
            let garbage = await #expect(throws: ProviderFailure.self) {
                try await fake.client(format.kind).complete(format.request)
            }
            #expect(garbage?.kind == .invalidAnswer)
        }
    }

    @Test func `Google's delay of a repetition is known, and its refusal of a key`() async throws {
        let slow = #"""
            {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]}}
            """#
        try await FakeOpenAI.serving(.json(slow, status: 429)) { fake in
            let google = fake.client(.google, maximumRetries: 0)
            let failure = await run(google, WireFormat.google.request).1
            #expect(failure?.kind == .rateLimited && failure?.retryAfter == .seconds(34.5))
            fake.play(.json(#"{"error": {"code": 400, "message": "API key not valid. Pass one."}}"#, status: 400))
            #expect(await run(google, WireFormat.google.request).1?.kind == .authentication)
            fake.play(.events(.bytes(#"data: {"promptFeedback": {"blockReason": "SAFETY"}}"# + "\n\n")))
            let blocked = await run(google, WireFormat.google.request).1
            #expect(blocked?.kind == .badRequest && blocked?.message.contains("SAFETY") == true)
        }
    }

    @Test func `a model of Ollama that can't call tools is known as such`() async throws {
        let refusal = #"{"error": "registry.ollama.ai/library/gemma:2b does not support tools"}"#
        try await FakeOpenAI.serving(.json(refusal, status: 400)) { fake in
            #expect(await run(fake.client(.ollama), WireFormat.ollama.request).1?.kind == .toolsNotSupported)
        }
    }

    @Test func `a stream of Responses is known by its data alone`() async throws {
        let lines = WireFormat.responses.whole.split(separator: "\n", omittingEmptySubsequences: false)
        let bare = lines.filter { !$0.hasPrefix("event:") }.joined(separator: "\n")
        try await FakeOpenAI.serving(.events(.bytes(bare))) { fake in
            let (deltas, failure) = await run(fake.client(.responses), WireFormat.responses.request)
            #expect(deltas == WireFormat.responses.deltas && failure == nil)
        }
    }
}
