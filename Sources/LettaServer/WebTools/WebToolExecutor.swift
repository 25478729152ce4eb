import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// Runs `fetch_webpage` and `web_search`. Private addresses are refused unless the operator allows the host.
struct WebToolExecutor: ToolExecutor {
    static let fetch = "fetch_webpage"
    static let search = "web_search"
    private static let deadline = Duration.seconds(30)
    /// In bytes.
    private static let largest = 5 << 20

    let core: Core
    let egress: EgressClient
    /// The services that the operator set up.
    let services: WebSearchSettings
    /// The environment of an agent's tools, whose keys come before the operator's.
    let environment: @Sendable (ID<AgentState>, Scope) async throws -> [String: String]

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(call.tool) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        do {
            if call.tool == Self.fetch { return ToolResult(ToolOutcome(.string(try await page(given.text("url"))))) }
            let own = try await environment(context.agent.id, context.scope)
            let found = try await WebSearch(given, services.merged(with: own)).run(egress, core.clock)
            return ToolResult(ToolOutcome(.string(JSONWriter.string(of: found))))
        } catch let failure as ProviderFailure {
            let prefix = call.tool == Self.fetch ? "Error fetching webpage: " : ""
            throw ToolFailure(.exception, "\(prefix)\(failure.message)")
        }
    }

    private func page(_ url: String) async throws -> String {
        let bytes = try await egress.fetch(url, limit: Self.largest, within: Self.deadline, clock: core.clock)
        guard !bytes.prefix(1_000).contains(0) else {
            throw ToolFailure(.exception, "Error fetching webpage: \(EgressAddress.shown(url)) is no text.")
        }
        let start = String(decoding: bytes.prefix(1_000), as: UTF8.self).lowercased()
        return start.contains("<html") || start.contains("<!doctype html") || start.contains("<body")
            ? PageText.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
    }
}
