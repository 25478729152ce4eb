import AgentEngine
import EventStreams
import JSON
import LettaAPI
import Storage

/// Runs the tools by which agents send messages to each other.
struct MultiAgentExecutor: ToolExecutor {
    static let ask = "send_message_to_agent_and_wait_for_reply"
    static let askMany = "send_message_to_agents_matching_tags"
    static let tell = "send_message_to_agent_async"
    private static let most = 20

    let core: Core
    let mail: AgentMail

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(call.tool) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        let (text, sender, scope) = (try given.text("message"), context.agent.id, context.scope)
        do {
            switch call.tool {
            case Self.ask:
                let other = ID<AgentState>(try given.text("other_agent_id"))
                return Self.result(try await answer(of: other, to: text, from: sender, as: scope))
            case Self.tell:
                try await mail.tell(ID(try given.text("other_agent_id")), text, from: sender, as: scope)
                return Self.result("Successfully sent message")
            default:
                return Self.result(try await answers(given, to: text, from: sender, as: scope))
            }
        } catch let error as APIError {
            return Self.failure(error, of: call.tool)
        } catch is DeadlineExceeded {
            throw ToolFailure(.exception, "There was no answer within \(AgentMail.deadline).")
        }
    }

    private func answer(
        of agent: ID<AgentState>, to text: String, from sender: ID<AgentState>, as scope: Scope
    ) async throws -> JSONValue {
        let said = try await mail.ask(agent, text, from: sender, as: scope)
        return ["agent_id": .string(agent.rawValue), "response": .array(said.map { .string($0) })]
    }

    /// Asks all agents with the tags at once. One that fails says so in its place.
    private func answers(
        _ given: ToolArguments, to text: String, from sender: ID<AgentState>, as scope: Scope
    ) async throws -> JSONValue {
        let (all, some) = (given.strings("match_all") ?? [], given.strings("match_some") ?? [])
        guard !all.isEmpty || !some.isEmpty else { throw ToolFailure.value("match_all and match_some are both empty.") }
        let agents = try await core.storage.read(as: scope) { db in
            try AgentStore.agents(withAll: all, withSome: some, except: sender, limit: Self.most + 1, db)
        }
        guard agents.count <= Self.most else {
            throw ToolFailure.value("More than \(Self.most) agents have these tags. Name more tags.")
        }
        let answers = await withTaskGroup(of: (Int, JSONValue).self) { group in
            for (place, agent) in agents.enumerated() {
                group.addTask {
                    do {
                        return (place, try await answer(of: agent, to: text, from: sender, as: scope))
                    } catch {
                        let reason = (error as? APIError)?.explanation ?? (error as? ToolFailure)?.message
                        return (
                            place,
                            ["agent_id": .string(agent.rawValue), "response": ["Error: \(reason ?? "no answer")"]]
                        )
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return .string(PythonText.literal(.array(agents.indices.compactMap { answers[$0] })))
    }

    private static func result(_ value: JSONValue) -> ToolResult {
        ToolResult(ToolOutcome(value, stdout: [], stderr: []))
    }

    /// In the words of the client library, which the peer's tools use.
    private static func failure(_ error: APIError, of tool: String) -> ToolResult {
        let name = error.status == 404 ? "NotFoundError" : "APIStatusError"
        let detail = PythonText.literal(["detail": .string(error.explanation)])
        let text = "Error executing function \(tool): \(name): Error code: \(error.status) - \(detail)"
        return ToolResult(ToolOutcome(.string(text), succeeded: false, stdout: [], stderr: [text]))
    }
}
