public import JSON

/// Where a run stands.
public enum RunStatus: String, Codable, Sendable, CaseIterable, JSONWritable {
    case created, running, completed, failed, cancelled

    public func write(to writer: inout JSONWriter) {
        writer.value(rawValue)
    }
}

/// One turn of an agent: from the messages sent to it until it stops.
public struct Run: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "run"

    public var id: ID<Run>
    public var agentID: ID<AgentState>
    public var status: RunStatus
    public var stopReason: StopReason?
    public var background: Bool
    public var metadata: ObjectDocument?
    public var requestConfig: ObjectDocument?
    public var createdAt: Timestamp
    public var completedAt: Timestamp?
    /// Nanoseconds until the first token of the first answer.
    public var timeToFirstToken: Int?
    public var totalDuration: Int?
    /// Where the end of the run is announced.
    public var callbackURL: String?
    public var callbackSentAt: Timestamp?
    public var callbackStatusCode: Int?
    public var callbackError: String?

    public init(id: ID<Run>, agentID: ID<AgentState>, status: RunStatus, createdAt: Timestamp) {
        self.id = id
        self.agentID = agentID
        self.status = status
        self.createdAt = createdAt
        background = false
    }

    enum CodingKeys: String, CodingKey {
        case id, status, background, metadata
        case agentID = "agent_id"
        case stopReason = "stop_reason"
        case requestConfig = "request_config"
        case createdAt = "created_at"
        case completedAt = "completed_at"
        case timeToFirstToken = "ttft_ns"
        case totalDuration = "total_duration_ns"
        case callbackURL = "callback_url"
        case callbackSentAt = "callback_sent_at"
        case callbackStatusCode = "callback_status_code"
        case callbackError = "callback_error"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("status", status)
            $0.field("created_at", createdAt)
            // Clients of the peer know this one without a zone.
            $0.field("completed_at", completedAt.map { String($0.wireText.dropLast()) })
            $0.field("agent_id", agentID)
            $0.field("conversation_id", JSONValue.null)
            $0.field("base_template_id", JSONValue.null)
            $0.field("background", background)
            $0.field("metadata", metadata)
            $0.field("request_config", requestConfig)
            $0.field("stop_reason", stopReason)
            $0.field("callback_url", callbackURL)
            $0.field("callback_sent_at", callbackSentAt)
            $0.field("callback_status_code", callbackStatusCode)
            $0.field("callback_error", callbackError)
            $0.field("ttft_ns", timeToFirstToken)
            $0.field("total_duration_ns", totalDuration)
        }
    }
}
