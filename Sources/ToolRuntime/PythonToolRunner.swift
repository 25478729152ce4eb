package import JSON

/// Reads and runs users' tools in a sandbox: Python, and JavaScript and TypeScript where node is.
package struct PythonToolRunner: Sendable {
    private let sandbox: ToolSandbox
    private let slots: SandboxSlots
    /// A pool of its own: reading is quick and does not wait for tools. Two at once, because there is one reader and the
    /// last slot is for another.
    private let readingSlots = SandboxSlots(3)
    private static let reader = SandboxOwner(organization: "", agent: "")

    /// - Parameter slots: the maximum number of concurrent runs.
    package init(sandbox: ToolSandbox, slots: Int = 8) {
        self.sandbox = sandbox
        self.slots = SandboxSlots(slots)
    }

    /// Whether JavaScript and TypeScript can run.
    package var hasNode: Bool { sandbox.node != nil }

    /// Whether a call with a token reaches the server.
    package var offersAPI: Bool { sandbox.hasDoors && sandbox.apiFolder != nil }

    /// Derives the schema of a function in `source`: name, description and parameters. The source is parsed and not
    /// run.
    ///
    /// - Parameters:
    ///   - function: the function to describe; the last one in the source if it is nil or not found.
    ///   - arguments: a JSON schema for the parameters, instead of the function's signature. Without a docstring the
    ///     schema then has no description.
    /// - Throws: `SchemaRefusal` when no schema can be derived, `SandboxFailure`, `CancellationError`.
    package func schema(
        of source: String, in language: SourceLanguage = .python, function: String? = nil, arguments: JSONValue? = nil
    ) async throws -> SourceSchema {
        let report = try await readingSlots.use(for: Self.reader) {
            try await sandbox.run(
                .readSchema,
                [
                    "source": .string(source), "language": .string(language.rawValue),
                    "function": function.map { .string($0) } ?? .null,
                    "arguments_schema": arguments ?? .null,
                ])
        }
        if let schema = report.answer?["schema"]?.object {
            return SourceSchema(
                schema: schema, missingPackages: report.answer?["missing"]?.array?.compactMap(\.string) ?? [])
        }
        throw SchemaRefusal(
            reason: report.answer?["error"]?.string ?? "Failed to parse source code: \(sandbox.explanation(of: report))"
        )
    }

    /// Calls the function. An error in it is a result too. Waits while the owner has its share of the sandboxes.
    ///
    /// - Throws: `SandboxFailure`, `CancellationError`.
    package func run(_ call: PythonCall, for owner: SandboxOwner) async throws -> PythonResult {
        var (sandbox, request) = (self.sandbox, self.request(of: call))
        if call.language != .python {
            guard let node = sandbox.nodeOfPrograms else {
                return PythonResult(error: ToolSandbox.noNode, of: call, stdout: [], stderr: [])
            }
            request["language"] = .string(call.language.rawValue)
            request["is_program"] = .bool(call.isProgram)
            request["node"] = .string(node)
            request["runner"] = .string(SandboxProgram.scriptRunner)
            sandbox.limits.addresses = Self.addressesOfNode
        }
        let report = try await slots.use(for: owner) { [sandbox, request] in
            try await sandbox.run(.runTool, request, packages: call.packages)
        }
        return Self.result(of: call, report, sandbox)
    }

    /// V8 and WebAssembly reserve far more than they use.
    private static let addressesOfNode = 16 << 30

    private func request(of call: PythonCall) -> JSONObject {
        let parameters = call.schema?["parameters"]
        var environment: JSONObject = ["PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"]
        if sandbox.hasDoors, !sandbox.network.isEmpty {
            for (name, value) in Self.proxies { environment[name] = value }
        }
        var api: JSONValue?
        if let token = call.environment[Self.keyVariable] ?? call.apiToken, offersAPI {
            api = ["url": .string(Self.apiURL), "token": .string(token)]
            environment["LETTA_BASE_URL"] = .string(Self.apiURL)
            environment[Self.keyVariable] = .string(token)
        }
        for (name, value) in call.environment.sorted(by: { $0.key < $1.key }) { environment[name] = .string(value) }
        return [
            "source": .string(call.source), "name": .string(call.function), "arguments": .object(call.arguments),
            "properties": parameters?["properties"] ?? [:], "required": parameters?["required"] ?? [],
            "environment": .object(environment), "agent": call.agent ?? .null,
            "api": api ?? .null,
        ]
    }

    private static func result(of call: PythonCall, _ report: SandboxReport, _ sandbox: ToolSandbox) -> PythonResult {
        let outputs = [report.stdout, report.stderr].map { $0.isEmpty ? [] : [$0] }
        guard let text = report.answer?["text"]?.string else {
            let reason = report.answer?["error"]?.string ?? sandbox.explanation(of: report)
            return PythonResult(error: reason, of: call, stdout: outputs[0], stderr: outputs[1])
        }
        let value = report.answer?["value"] ?? .string(text)
        // A model or a dataclass is shown as Python prints it.
        let isDictionary = value.object != nil && report.answer?["is_dict"]?.bool == true
        var result = PythonResult(
            value: value, shown: isDictionary ? value : .string(text), succeeded: true, stdout: outputs[0],
            stderr: outputs[1])
        for (label, value) in report.answer?["memory"]?.object ?? [:] { result.blockValues[label] = value.string }
        return result
    }

    /// What holds the key for the server's API. A user who sets it lets the tool do what the key allows.
    package static let keyVariable = "LETTA_API_KEY"

    /// Where calls find the server: the peer's usual address.
    private static let apiURL = "http://127.0.0.1:8283"

    private static let proxies: JSONObject = [
        "http_proxy": "http://127.0.0.1:3128", "https_proxy": "http://127.0.0.1:3128",
        "HTTP_PROXY": "http://127.0.0.1:3128", "HTTPS_PROXY": "http://127.0.0.1:3128",
        "no_proxy": "127.0.0.1:8283,localhost:8283", "NO_PROXY": "127.0.0.1:8283,localhost:8283",
        "NODE_USE_ENV_PROXY": "1",
    ]
}

extension ToolSandbox {
    /// Describes the end of a run without an answer.
    func explanation(of report: SandboxReport) -> String {
        switch report.end {
        case .done: "RuntimeError: it returned no result"
        case .tooLong: "TimeoutError: it did not end within \(Int(limits.seconds)) seconds"
        case .tooMuchMemory: "MemoryError: it took more than \(limits.memory >> 20) MB"
        case .tooMuchOutput: "ValueError: it returned more than \(limits.answer >> 20) MB"
        case .died(let how): "RuntimeError: \(how)"
        }
    }
}

/// What a tool is written in.
package enum SourceLanguage: String, Sendable {
    case python, javascript, typescript
}

/// What a source says of a function.
package struct SourceSchema: Sendable {
    /// Name, description and parameters.
    package var schema: JSONObject
    /// What it imports and is not installed.
    package var missingPackages: [String]

    package init(schema: JSONObject, missingPackages: [String]) {
        self.schema = schema
        self.missingPackages = missingPackages
    }
}

/// A call of a user's function.
package struct PythonCall: Sendable {
    package var source: String
    package var language = SourceLanguage.python
    /// A script to run instead of a function to call; not in Python.
    package var isProgram = false
    /// The function to call; the last one in the source if it is not found.
    package var function: String
    /// The function's name in error texts; nil prints `None`, which clients expect.
    package var shownName: String?
    package var arguments: JSONObject
    /// The tool's schema, by which arguments are converted to the types of the function.
    package var schema: JSONValue?
    package var environment: [String: String]
    /// The agent with its blocks, for a function with a parameter `agent_state`; nil without an agent.
    package var agent: JSONValue?
    /// The folder with the packages of the tool.
    package var packages: String?
    /// A token for the server's own API.
    package var apiToken: String?

    package init(
        source: String, function: String, shownName: String?, arguments: JSONObject, schema: JSONValue?,
        environment: [String: String] = [:]
    ) {
        self.source = source
        self.function = function
        self.shownName = shownName
        self.arguments = arguments
        self.schema = schema
        self.environment = environment
    }
}

/// The outcome of a call.
package struct PythonResult: Sendable, Hashable {
    /// The returned value as JSON; its `repr` where JSON has no form for it.
    package var value: JSONValue
    /// What the model sees: a text, or an object if the function returned a dictionary.
    package var shown: JSONValue
    package var succeeded: Bool
    /// All output as one text; empty if there is none.
    package var stdout: [String]
    package var stderr: [String]
    /// What the function gave to blocks of its agent, by label.
    package var blockValues: [String: String] = [:]

    private static let longestError = 1_000

    init(value: JSONValue, shown: JSONValue, succeeded: Bool, stdout: [String], stderr: [String]) {
        self.value = value
        self.shown = shown
        self.succeeded = succeeded
        self.stdout = stdout
        self.stderr = stderr
    }

    init(error: String, of call: PythonCall, stdout: [String], stderr: [String]) {
        let text = "Error executing function \(call.shownName ?? "None"): \(error)"
        let short = JSONValue.string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.longestError))))
        self.init(value: short, shown: short, succeeded: false, stdout: stdout, stderr: stderr)
    }
}

/// Why no schema could be derived from a source.
package struct SchemaRefusal: Error, Sendable, Hashable {
    package var reason: String
}
