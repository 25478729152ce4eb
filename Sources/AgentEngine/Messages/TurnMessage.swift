package import JSON
import ModelProviders

/// One message of an agent's history as it is stored, independent of providers and clients.
///
/// One message may become several entries for clients (`WireMessage`) and several messages of a model request.
package struct TurnMessage: Sendable, Hashable {
    package enum Role: String, Sendable, Hashable, CaseIterable {
        case system, user, assistant, tool
    }

    /// `message-` and a UUID.
    package var id: String
    package var role: Role
    package var parts: [Part]
    /// The name of the speaker, for users; the tool's name, for results.
    package var name: String?
    /// The id that a client gave, kept verbatim; assistant messages have one derived from `id`.
    package var otid: String?
    /// Who sent a user's message, as the client named them.
    package var senderID: String?
    package var stepID: String?
    package var runID: String?
    /// Microseconds since 1970 UTC.
    package var createdAt: Int64
    /// Why the model did not get the message as it is; nil for a message that it took.
    package var problem: String?
    /// The model that wrote the message; nil for one that the running turn has just received, and where it is not known.
    package var model: String?

    package init(
        id: String, role: Role, parts: [Part], name: String? = nil, otid: String? = nil, senderID: String? = nil,
        stepID: String? = nil, runID: String? = nil, createdAt: Int64
    ) {
        self.id = id
        self.role = role
        self.parts = parts
        self.name = name
        self.otid = otid
        self.senderID = senderID
        self.stepID = stepID
        self.runID = runID
        self.createdAt = createdAt
    }
}

extension TurnMessage {
    /// A part of a message's content.
    package enum Part: Sendable, Hashable {
        case text(String)
        case image(Image)
        case reasoning(Reasoning)
        case toolCall(ToolCall)
        case toolReturn(ToolReturn)
        /// A client's answer to a call that waited for it.
        case approval(ApprovalDecision)
    }

    /// An image: base64 bytes, or a URL.
    package struct Image: Sendable, Hashable {
        package enum Source: Sendable, Hashable {
            case data(base64: String, mediaType: String, fileID: String?)
            case url(String)
        }

        package var source: Source
        /// `auto`, `low` or `high`.
        package var detail: String?

        package init(_ source: Source, detail: String? = nil) {
            self.source = source
            self.detail = detail
        }
    }

    /// The model's reasoning before its answer.
    package struct Reasoning: Sendable, Hashable {
        package var text: String
        /// The provider's signature of the text, for those that require it back.
        package var signature: String?
        /// False for a thought that the model wrote as an argument or as text, because the loop asked for one.
        package var isNative: Bool
        /// True for reasoning of which the provider showed nothing but that there was some.
        package var isOmitted = false

        /// The encrypted text that the provider gave instead of its reasoning, or of a part of it.
        var redacted: String? { OpaqueReasoning.redacted(in: signature) }

        /// What clients see of it: not what is kept for a provider alone.
        var shownSignature: String? { signature.flatMap { OpaqueReasoning.isPlain($0) ? $0 : nil } }

        package init(_ text: String, signature: String? = nil, isNative: Bool = true) {
            self.text = text
            self.signature = signature
            self.isNative = isNative
        }
    }

    /// A call of a tool. `arguments` is the text of a JSON object.
    package struct ToolCall: Sendable, Hashable {
        package var id: String
        package var name: String
        package var arguments: String
        /// True for a call that requires approval, also after the decision.
        package var needsApproval: Bool
        /// The loop that it was made in: a tool that speaks is shown as speech only in the heartbeat loop.
        package var loop: AgentLoop

        package init(
            id: String, name: String, arguments: String, needsApproval: Bool = false, loop: AgentLoop = .answering
        ) {
            self.id = id
            self.name = name
            self.arguments = arguments
            self.needsApproval = needsApproval
            self.loop = loop
        }
    }

    /// The result of one call.
    package struct ToolReturn: Sendable, Hashable {
        package var callID: String
        /// Text, or an object, which the model also gets as an object.
        package var result: JSONValue
        package var succeeded: Bool
        /// The tool's output; nil for tools that run inside the server.
        package var stdout: [String]?
        package var stderr: [String]?
        /// The loop of its call.
        package var loop = AgentLoop.answering

        package init(
            callID: String, result: JSONValue, succeeded: Bool, stdout: [String]? = nil, stderr: [String]? = nil
        ) {
            self.callID = callID
            self.result = result
            self.succeeded = succeeded
            self.stdout = stdout
            self.stderr = stderr
        }
    }

    /// The text parts joined by line feeds; nil when there is none.
    package var text: String? {
        let texts = parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
        return texts.isEmpty ? nil : texts.joined(separator: "\n")
    }

    /// The model's own reasoning.
    package var reasoning: Reasoning? {
        for case .reasoning(let reasoning) in parts where reasoning.isNative { return reasoning }
        return nil
    }

    /// What the model thought because the loop asked for it.
    package var thought: String? {
        for case .reasoning(let reasoning) in parts where !reasoning.isNative { return reasoning.text }
        return nil
    }

    mutating func dropSignature() {
        for index in parts.indices {
            guard case .reasoning(var reasoning) = parts[index] else { continue }
            reasoning.signature = nil
            parts[index] = .reasoning(reasoning)
        }
    }

    package var toolCalls: [ToolCall] {
        parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
    }

    package var approvals: [ApprovalDecision] {
        parts.compactMap { if case .approval(let decision) = $0 { decision } else { nil } }
    }

    package var toolReturns: [ToolReturn] {
        parts.compactMap { if case .toolReturn(let result) = $0 { result } else { nil } }
    }
}
