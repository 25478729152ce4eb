package import JSON

/// A tool as a server describes it. Everything in it is data of another party.
package struct MCPTool: Sendable, Hashable {
    package var name: String
    /// The whole definition, as the server sent it.
    package var definition: JSONObject

    package var description: String? { definition["description"]?.string }
    package var inputSchema: JSONObject? { definition["inputSchema"]?.object }

    /// Nil for what has no name that a model could call.
    package init?(_ value: JSONValue) {
        guard let object = value.object, let name = object["name"]?.string, !name.isEmpty, name.utf8.count <= 200 else {
            return nil
        }
        self.name = name
        definition = object
    }
}

/// What came of a call.
package struct MCPCallResult: Sendable {
    package var content: [JSONValue]
    package var structured: JSONValue?
    package var isError: Bool
}

/// Why a server could not be used. The text is shown to users and models.
package struct MCPFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// There is no connection, or no process.
        case connection
        /// The session is over, and the server has not taken what was asked.
        case ended
        case timeout
        /// The server wants a token; `challenge` is its `WWW-Authenticate` header.
        case unauthorized(challenge: String?)
        /// What the server sent is no answer of the protocol, or too much.
        case invalidAnswer
        /// The server answered with an error.
        case rejected(code: Int64)
        /// This server refuses to connect.
        case forbidden
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }
}

/// The bounds of a session. Sizes are in bytes.
package struct MCPLimits: Sendable {
    package var connect = Duration.seconds(30)
    /// The most time without an answer or a progress notice.
    package var idle = Duration.seconds(180)
    /// The most time of a request, however much progress there is.
    package var total = Duration.seconds(900)
    /// How often a connection is tried again, with back-off, before the handshake.
    package var retries = 2
    /// Of one message.
    package var message = 8 << 20
    /// Of all messages of a session.
    package var received = 64 << 20
    package var messages = 20_000
    package var tools = 5_000
    package var pages = 500
    /// Of a server over stdio and all that it starts: the resident memory, and the number of processes.
    package var memory = 1 << 30
    package var processes = 128

    package init() {}
}

/// The protocol's versions that this client speaks, the newest first. The server picks one.
package enum MCPVersion {
    package static let supported = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
    package static let newest = supported[0]
}
