import EventStreams
import JSON
import LettaAPI
import ModelProviders

/// Has a model write a tool. Nothing is stored and nothing of it runs.
struct ToolGenerator: Sendable {
    static let defaultHandle = "openai/gpt-4.1"
    private static let deadline = Duration.seconds(120)
    private static let attempts = 2

    let core: Core
    let models: ModelService
    let tools: ToolService

    /// - Throws: `APIError` 404 for an unknown handle, 400 for an answer that is no tool.
    func generate(_ body: GenerateTool, as scope: Scope) async throws -> GeneratedTool {
        let config = try await models.languageModel(body.handle ?? Self.defaultHandle, as: scope)
        let provider = try await models.provider(for: config, as: scope)
        var problems = body.validationErrors
        for attempt in 1... {
            var request = ModelRequest(
                model: config.model,
                messages: [.system(Self.instructions), .user([.text(Self.text(of: body, problems))])],
                maxOutputTokens: config.maxTokens)
            request.user = scope.user
            let answer = try await self.answer(to: request, from: provider)
            do {
                return try await tool(in: answer, as: scope)
            } catch let error as APIError where error.status == 400 && attempt < Self.attempts {
                problems.append(error.explanation)
            }
        }
        throw CancellationError()
    }

    private func answer(to request: ModelRequest, from provider: any ModelProvider) async throws -> String {
        do {
            let answer = try await withDeadline(Self.deadline, clock: core.clock) {
                try await provider.complete(request)
            }
            return answer.text ?? ""
        } catch let failure as ProviderFailure {
            throw APIError(status: 502, body: .detail("The model failed: \(failure.message)"), underlying: failure)
        } catch is DeadlineExceeded {
            throw APIError(504, "The model did not answer within \(Self.deadline).")
        }
    }

    private func tool(in answer: String, as scope: Scope) async throws -> GeneratedTool {
        guard let source = Self.block("python", in: answer) else {
            throw APIError(400, "The model's answer has no ```python block with the tool's source.")
        }
        let draft = try await tools.draft(of: CreateTool(sourceCode: source))
        var arguments: JSONObject = [:]
        if let text = Self.block("json", in: answer), let value = try? JSONParser().parse(text).object {
            // Samples are a help; a tool without them is one too.
            arguments = value
        }
        return GeneratedTool(
            tool: draft.tool(core.ids.next(), replacing: nil, in: scope), sampleArgs: ObjectDocument(arguments),
            response: answer)
    }

    private static let instructions = """
        You write one Python function that an AI agent calls as a tool. Rules: type annotations on every parameter; a \
        docstring with a summary and an Args section that describes every parameter; imports inside the function; return \
        a string or JSON data; no code outside of the function. Answer with the function in a ```python block, then \
        sample arguments as one JSON object in a ```json block.
        """

    private static func text(of body: GenerateTool, _ problems: [String]) -> String {
        var parts = ["The function's name is \(body.toolName).", body.prompt]
        if let code = body.starterCode, !code.isEmpty { parts.append("Start from:\n```python\n\(code)\n```") }
        if !problems.isEmpty {
            parts.append("An earlier attempt had these errors:\n\(problems.joined(separator: "\n"))")
        }
        return parts.joined(separator: "\n\n")
    }

    /// The first fenced block of a language.
    private static func block(_ language: String, in text: String) -> String? {
        var lines: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let found = lines {
                if line.hasPrefix("```") { return found.joined(separator: "\n") + "\n" }
                lines?.append(line)
            } else if line.hasPrefix("```\(language)") {
                lines = []
            }
        }
        return nil
    }
}
