import AsyncHTTPClient
import JSON
import NIOHTTP1

/// OpenAI's batches: a file of requests, and files of their results.
struct OpenAIBatches: ModelBatches {
    let provider: OpenAIProvider
    let model: String
    let route: String

    private var calls: ProviderCalls { provider.calls }

    /// The member of a batch's metadata that holds this server's name of it.
    private static let nameField = "letta_batch"
    private static let boundary = "letta-swift-batch-0b9d5f0e6c7a41d2"
    /// Of the error of a batch that has too much beside those before it.
    private static let fullCode = "token_limit_exceeded"
    private static let ends: Set<String> = ["completed", "failed", "expired", "cancelled"]

    func body(of request: ModelRequest) -> [UInt8] { provider.body(of: request) }

    func submit(_ requests: [BatchedRequest], as name: String) async throws(ProviderFailure) -> String {
        try await order(try await upload(requests, as: name), as: name)
    }

    private func order(_ file: String, as name: String) async throws(ProviderFailure) -> String {
        let order: JSONValue = [
            "input_file_id": .string(file), "endpoint": .string("/v1\(route)"), "completion_window": "24h",
            "metadata": [Self.nameField: .string(name)],
        ]
        let request = provider.request(.POST, provider.addresses.path("/batches"), body: JSONWriter.bytes(of: order))
        return try Self.id(in: try await calls.document(request, within: calls.deadlines.answer))
    }

    private func upload(_ requests: [BatchedRequest], as name: String) async throws(ProviderFailure) -> String {
        var form = Array(
            """
            --\(Self.boundary)\r
            Content-Disposition: form-data; name="purpose"\r
            \r
            batch\r
            --\(Self.boundary)\r
            Content-Disposition: form-data; name="file"; filename="\(name).jsonl"\r
            Content-Type: application/jsonl\r
            \r\n
            """.utf8)
        for request in requests {
            form += Array(#"{"custom_id":"\#(request.id)","method":"POST","url":"/v1\#(route)","body":"#.utf8)
            form += request.body
            form += Array("}\n".utf8)
        }
        form += Array("\r\n--\(Self.boundary)--\r\n".utf8)
        var request = provider.request(.POST, provider.addresses.path("/files"), body: form)
        request.headers.replaceOrAdd(name: "content-type", value: "multipart/form-data; boundary=\(Self.boundary)")
        return try Self.id(in: try await calls.document(request, within: calls.deadlines.answer))
    }

    private static func id(in document: JSONValue) throws(ProviderFailure) -> String {
        guard let id = document["id"]?.nonEmptyString else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's answer has no id.")
        }
        return id
    }

    func find(
        _ name: String, of count: Int, since time: Int64, besides known: Set<String>
    ) async throws(ProviderFailure) -> FoundBatch? {
        let document = try await calls.document(
            provider.request(.GET, provider.addresses.path("/batches?limit=100")), within: calls.deadlines.firstByte)
        let found = document["data"]?.array?.first { batch in
            batch["metadata"]?[Self.nameField]?.string == name && !known.contains(batch["id"]?.string ?? "")
                && batch["status"]?.string != "failed"
        }
        return found?["id"]?.nonEmptyString.map { FoundBatch(id: $0, isCertain: true) }
    }

    private func document(of batch: String) async throws(ProviderFailure) -> JSONValue {
        try await calls.document(
            provider.request(.GET, provider.addresses.path("/batches/\(PathText.encoded(batch))")),
            within: calls.deadlines.firstByte)
    }

    func progress(of batch: String) async throws(ProviderFailure) -> BatchProgress {
        let document = try await document(of: batch)
        guard Self.ends.contains(document["status"]?.string ?? "") else { return .running }
        let errors = document["errors"]?["data"]?.array ?? []
        return errors.contains { $0["code"]?.string == Self.fullCode } ? .noRoom : .ended
    }

    /// The service keeps the file of the requests.
    func renew(_ batch: String, as name: String) async throws(ProviderFailure) -> String {
        // An earlier attempt may have been made whose response never came; the newest is listed first.
        if let found = try await find(name, of: 0, since: 0, besides: [batch]) { return found.id }
        guard let file = try await document(of: batch)["input_file_id"]?.nonEmptyString else {
            throw ProviderFailure(.badRequest, message: "The provider has no file of the batch any more.")
        }
        return try await order(file, as: name)
    }

    func results(of batch: String) async throws(ProviderFailure) -> [[UInt8]] {
        // The file of errors says nothing that a request of its own would not say again.
        guard let file = try await document(of: batch)["output_file_id"]?.nonEmptyString else { return [] }
        return try await calls.lines(
            provider.request(.GET, provider.addresses.path("/files/\(PathText.encoded(file))/content")))
    }

    func result(in line: [UInt8]) -> BatchedResult? {
        // A line that is no JSON says nothing.
        guard let document = try? JSONParser(options: ProviderCalls.parserOptions).parse(line),
            let id = document["custom_id"]?.string
        else { return nil }
        let response = document["response"]
        return BatchedResult(id: id, answer: response?["status_code"]?.int == 200 ? response?["body"] : nil)
    }

    func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        try OpenAIProvider.answer(from: document)
    }

    func cancel(_ batch: String) async throws(ProviderFailure) {
        _ = try await calls.document(
            provider.request(.POST, provider.addresses.path("/batches/\(PathText.encoded(batch))/cancel")),
            within: calls.deadlines.firstByte)
    }

    func noteMissing() async { await provider.learn(.batches, of: model) }
}
