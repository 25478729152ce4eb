import AsyncHTTPClient
import JSON
import NIOHTTP1

/// Anthropic's message batches.
struct AnthropicBatches: ModelBatches {
    let provider: AnthropicProvider
    let model: String

    private var calls: ProviderCalls { provider.calls }

    let route = "/messages"

    func body(of request: ModelRequest) -> [UInt8] {
        JSONWriter.bytes(of: AnthropicRequestBody(request: request, streaming: false))
    }

    func submit(_ requests: [BatchedRequest], as name: String) async throws(ProviderFailure) -> String {
        var body = Array(#"{"requests":["#.utf8)
        for (index, request) in requests.enumerated() {
            body += Array(#"\#(index > 0 ? "," : ""){"custom_id":"\#(request.id)","params":"#.utf8)
            body += request.body
            body += Array("}".utf8)
        }
        body += Array("]}".utf8)
        let document = try await calls.document(
            provider.request(.POST, "/messages/batches", body: body), within: calls.deadlines.answer)
        guard let id = document["id"]?.nonEmptyString else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's batch has no id.")
        }
        return id
    }

    /// The service keeps no name of ours. A batch with as many requests that nobody else here knows and that is as new is
    /// taken for it; its results tell.
    func find(
        _ name: String, of count: Int, since time: Int64, besides known: Set<String>
    ) async throws(ProviderFailure) -> FoundBatch? {
        let document = try await calls.document(
            provider.request(.GET, "/messages/batches?limit=100"), within: calls.deadlines.firstByte)
        let found = (document["data"]?.array ?? []).first { batch in
            guard let id = batch["id"]?.nonEmptyString, !known.contains(id) else { return false }
            let counts = batch["request_counts"]?.object?.map { $0.1.int ?? 0 } ?? []
            // Both clocks may be wrong by a while.
            let created = batch["created_at"]?.string.flatMap(Self.seconds)
            return counts.reduce(0, +) == Int64(count) && (created.map { $0 >= time - 60 } ?? false)
        }
        return found?["id"]?.string.map { FoundBatch(id: $0, isCertain: false) }
    }

    /// Seconds since 1970 of a time such as `2026-11-24T18:37:24.100435Z`.
    private static func seconds(_ text: String) -> Int64? {
        let numbers = text.prefix(19).split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 6, numbers[0] >= 1970, (1...12).contains(numbers[1]) else { return nil }
        // Days since 1970, with years that begin in March.
        let year = numbers[1] > 2 ? numbers[0] : numbers[0] - 1
        let month = (numbers[1] + 9) % 12
        let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + numbers[2] - 719_469
        return days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
    }

    func progress(of batch: String) async throws(ProviderFailure) -> BatchProgress {
        let document = try await calls.document(
            provider.request(.GET, "/messages/batches/\(PathText.encoded(batch))"), within: calls.deadlines.firstByte)
        return document["processing_status"]?.string == "ended" ? .ended : .running
    }

    /// At the address of the batch, and not at the one that the service names: the key goes to no other host.
    func results(of batch: String) async throws(ProviderFailure) -> [[UInt8]] {
        try await calls.lines(provider.request(.GET, "/messages/batches/\(PathText.encoded(batch))/results"))
    }

    func result(in line: [UInt8]) -> BatchedResult? {
        // A line that is no JSON says nothing.
        guard let document = try? JSONParser(options: ProviderCalls.parserOptions).parse(line),
            let id = document["custom_id"]?.string
        else { return nil }
        let message = document["result"]?["type"]?.string == "succeeded" ? document["result"]?["message"] : nil
        return BatchedResult(id: id, answer: message)
    }

    func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        try AnthropicAnswerReader.answer(from: document)
    }

    func cancel(_ batch: String) async throws(ProviderFailure) {
        _ = try await calls.document(
            provider.request(.POST, "/messages/batches/\(PathText.encoded(batch))/cancel"),
            within: calls.deadlines.firstByte)
    }

    func noteMissing() async { await provider.learn(.batches, of: model) }
}
