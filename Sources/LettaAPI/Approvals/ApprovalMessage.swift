public import JSON

/// One message of a request: something said, or the answer to calls that wait for one.
public enum SentMessage: Codable, Sendable {
    case said(CreateMessage)
    case approval(ApprovalMessage)

    private enum CodingKeys: String, CodingKey {
        case type
    }

    public init(from decoder: any Decoder) throws {
        let type = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .type)
        if let type, ApprovalMessage.Kind(rawValue: type) != nil {
            self = .approval(try ApprovalMessage(from: decoder))
        } else {
            self = .said(try CreateMessage(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .said(let message): try message.encode(to: encoder)
        case .approval(let message): try message.encode(to: encoder)
        }
    }
}

/// The decisions on calls that wait for approval, and the results of the client's own tools.
public struct ApprovalMessage: Codable, Sendable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case approval
        case toolReturn = "tool_return"
    }

    public var type: Kind
    public var approvals: [ApprovalAnswer]?
    /// In place of `approvals`, for the type `tool_return`.
    public var toolReturns: [ApprovalAnswer]?
    /// The form of older clients: one decision on all calls of the message `approval_request_id`.
    public var approve: Bool?
    public var approvalRequestID: String?
    public var reason: String?
    public var otid: String?

    public init(_ approvals: [ApprovalAnswer]) {
        type = .approval
        self.approvals = approvals
    }
}

/// The answer to one call: a decision, or for a tool of the client's own its result.
public struct ApprovalAnswer: Codable, Sendable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case approval, tool
    }

    public enum Status: String, Codable, Sendable, CaseIterable {
        case success, error
    }

    /// Left out: `tool` where there is a result.
    public var type: Kind?
    public var toolCallID: String
    public var approve: Bool?
    public var reason: String?
    /// Replaces the arguments of an approved call: an object, or its text. Left out: they stay as the model wrote them.
    public var arguments: JSONValue?
    /// Text, or parts of which some may be images.
    public var toolReturn: MessageContent?
    public var status: Status?
    public var stdout: [String]?
    public var stderr: [String]?

    public init(toolCallID: String, approve: Bool, reason: String? = nil) {
        type = .approval
        self.toolCallID = toolCallID
        self.approve = approve
        self.reason = reason
    }

    public init(toolCallID: String, toolReturn: String, status: Status = .success) {
        type = .tool
        self.toolCallID = toolCallID
        self.toolReturn = .text(toolReturn)
        self.status = status
    }
}

/// A tool that the client runs. The model is offered it in this turn alone.
public struct ClientTool: Codable, Sendable {
    public var name: String
    public var description: String?
    /// The JSON schema of the arguments; left out: none.
    public var parameters: JSONValue?

    public init(name: String, description: String? = nil, parameters: JSONValue? = nil) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}
