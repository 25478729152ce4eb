import AsyncHTTPClient
import Foundation
import JSON
import Logging
import ModelProviders
import Testing

@testable import LocalModels

/// The client for OpenAI's wire format against a real `llama-server` with real models, where `LETTA_TEST_MODELS` names a
/// data folder that has them.
@Suite(
    .serialized, .enabled(if: RealModels.folder != nil, "LETTA_TEST_MODELS names no models"), .timeLimit(.minutes(5)))
struct RealModelTests {
    private static let weather = ModelTool(
        name: "get_weather", description: "Tells the weather in a city.",
        parameters: [
            "type": "object", "properties": ["city": ["type": "string"]], "required": ["city"],
        ])

    private func request(_ text: String) -> ModelRequest {
        ModelRequest(
            model: "qwen2.5-coder-0.5b",
            messages: [.system("You are a helpful assistant."), .user([.text(text)])], temperature: 0,
            maxOutputTokens: 100)
    }

    @Test(.timeLimit(.minutes(5))) func `text comes in pieces with its cost`() async throws {
        try await RealModels.with { provider in
            var pieces: [String] = []
            var usage: ModelUsage?
            var reason: ModelFinishReason?
            for try await delta in provider.stream(request("Say hello.")) {
                switch delta {
                case .text(let piece): pieces.append(piece)
                case .usage(let total): usage = total
                case .finish(let why): reason = why
                case .reasoning, .reasoningSignature, .toolCall, .logprobs: Issue.record("\(delta)")
                }
            }
            #expect(pieces.count > 1)
            #expect(pieces.joined().lowercased().contains("hello"))
            #expect((usage?.promptTokens ?? 0) > 5)
            #expect(reason == .stop)
            #expect(try await provider.complete(request("Say hello.")).text == pieces.joined())
        }
    }

    @Test(.timeLimit(.minutes(5))) func `a call of a tool is streamed`() async throws {
        try await RealModels.with { provider in
            var request = request("What is the weather in Porto? Use the function.")
            request.tools = [Self.weather]
            request.toolChoice = .one("get_weather")
            var answer = ModelDeltaAccumulator()
            var count = 0
            for try await delta in provider.stream(request) {
                answer.add(delta)
                if case .toolCall = delta { count += 1 }
            }
            #expect(count > 1, "in pieces")
            let call = try #require(answer.answer.toolCalls.first)
            #expect(call.name == "get_weather")
            #expect(try JSONParser().parse(call.arguments)["city"]?.string?.contains("Porto") == true)
            #expect(answer.finishReason == .toolCalls)
        }
    }

    @Test(.timeLimit(.minutes(5))) func `an answer in a given form has it`() async throws {
        try await RealModels.with { provider in
            var request = request("Write down the city: I live in Porto.")
            request.responseFormat = [
                "type": "json_schema",
                "json_schema": [
                    "name": "city", "strict": true,
                    "schema": [
                        "type": "object", "properties": ["city": ["type": "string"]], "required": ["city"],
                        "additionalProperties": false,
                    ],
                ],
            ]
            let text = try #require(try await provider.complete(request).text)
            #expect(try JSONParser().parse(text)["city"]?.string == "Porto")
        }
    }

    @Test(.timeLimit(.minutes(5))) func `near in meaning is near as vectors`() async throws {
        try await RealModels.with { provider in
            let texts = [
                "My boat is called Calypso.", "What is the name of the ship?", "The tax office closes at noon.",
            ]
            let vectors = try await provider.embed(texts, model: "all-minilm-l6-v2")
            #expect(vectors.map(\.count) == [384, 384, 384])
            let likeness = { (one: [Float], other: [Float]) in zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } }
            #expect(likeness(vectors[0], vectors[1]) > likeness(vectors[0], vectors[2]) + 0.1)
        }
    }
}

/// Models that are really there.
private enum RealModels {
    static let folder = ProcessInfo.processInfo.environment["LETTA_TEST_MODELS"]

    static func with(_ body: (LocalModelProvider) async throws -> Void) async throws {
        let folder = try #require(folder)
        let scratch = try Scratch()
        for name in ["models", "runtime"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(scratch.path)/\(name)", withDestinationPath: "\(folder)/\(name)")
        }
        let transport = ProviderTransport()
        let runtime = LocalRuntime(
            dataFolder: scratch.path, program: RuntimeProgram(dataFolder: scratch.path, configured: nil),
            transport: transport, logger: Logger(label: "real models"))
        let result: Result<Void, any Error>
        do { result = .success(try await body(LocalModelProvider(runtime: runtime))) } catch {
            result = .failure(error)
        }
        await runtime.close()
        try await transport.shutdown()
        try result.get()
    }
}
