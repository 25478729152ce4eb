import FoundationEssentials
import JSON
import LettaAPI

/// A validated change of a server's row, whichever request it comes from.
struct RowChange: Sendable {
    var name: String?
    var type: MCPServerType?
    /// Whether settings that are left out are cleared.
    var replacesAll = false
    private var settings: MCPServerChange
    /// Where the settings are in the body, for error messages.
    private let path: [String]

    init(_ settings: MCPServerChange, path: [String] = []) {
        self.settings = settings
        self.path = path
    }

    /// Sets a bearer token; the mask keeps the stored one.
    mutating func setToken(_ token: Patch<String>) {
        guard let text = token.value else { return }
        let isWhole = text == SealedSecret.mask || text.hasPrefix("Bearer ")
        settings.authToken = .set(isWhole ? text : "Bearer \(text)")
        if settings.authHeader.isKept { settings.authHeader = .set("Authorization") }
    }

    func apply(to row: inout MCPServerRow, _ box: SecretBox) throws {
        if let name {
            guard !name.isEmpty else { throw invalid("server_name", "the name can't be empty", name, path: []) }
            try KeyText.check("server_name", name)
            row.serverName = name
        }
        if let type { row.serverType = type.rawValue }
        let isStdio = row.serverType == MCPServerType.stdio.rawValue
        try checkMembers(isStdio: isStdio)
        if isStdio { try applyStdio(to: &row, box) } else { try applyRemote(to: &row, box) }
    }

    private func applyStdio(to row: inout MCPServerRow, _ box: SecretBox) throws {
        (row.serverURL, row.authHeader, row.sealedAuthToken, row.sealedCustomHeaders) = (nil, nil, nil, nil)
        settings.command.apply(to: &row.command)
        guard let command = row.command, command.contains(where: { !$0.isWhitespace }) else {
            throw invalid("command", "a stdio server needs a command", row.command ?? "")
        }
        let args = cleared(settings.args)
        if !args.isKept { row.args = args.value.map { RawJSON($0) } }
        row.args = row.args ?? RawJSON([String]())
        if let env = settings.env.value { try EnvironmentName.check("env", env.keys.sorted()) }
        row.sealedEnv = try sealed(cleared(settings.env), row.sealedEnv, "env", row, box)
    }

    private func applyRemote(to row: inout MCPServerRow, _ box: SecretBox) throws {
        (row.command, row.args, row.sealedEnv) = (nil, nil, nil)
        settings.serverURL.apply(to: &row.serverURL)
        guard let address = row.serverURL, Self.isAddress(address) else {
            throw invalid("server_url", "must be an http or https URL", row.serverURL ?? "")
        }
        cleared(settings.authHeader).apply(to: &row.authHeader)
        if let header = settings.authHeader.value, !Self.isHeaderName(header) {
            throw invalid("auth_header", "must be the name of an HTTP header", header)
        }
        if let token = settings.authToken.value {
            guard Self.isHeaderValue(token) else { throw invalid("auth_token", "can't have line breaks", "") }
            row.sealedAuthToken = try box.seal(
                token, for: row.place(of: "auth_token"), keeping: row.sealedAuthToken, field: "auth_token")
        } else if !cleared(settings.authToken).isKept {
            row.sealedAuthToken = nil
        }
        for (name, value) in settings.customHeaders.value ?? [:] {
            guard Self.isHeaderName(name), Self.isHeaderValue(value) else {
                throw invalid("custom_headers", "must be names and values of HTTP headers", name)
            }
        }
        row.sealedCustomHeaders = try sealed(
            cleared(settings.customHeaders), row.sealedCustomHeaders, "custom_headers", row, box)
    }

    /// - Throws: `APIError` 422 for a value that servers of the type don't have.
    private func checkMembers(isStdio: Bool) throws {
        let given = [
            ("command", settings.command.value != nil, true), ("args", settings.args.value != nil, true),
            ("env", settings.env.value != nil, true), ("server_url", settings.serverURL.value != nil, false),
            ("auth_header", settings.authHeader.value != nil, false),
            ("auth_token", settings.authToken.value != nil, false),
            ("custom_headers", settings.customHeaders.value != nil, false),
        ]
        guard let (name, _, _) = given.first(where: { $0.1 && $0.2 != isStdio }) else { return }
        throw invalid(name, "a \(isStdio ? "stdio" : "remote") server has no such setting", name)
    }

    private func cleared<Value>(_ patch: Patch<Value>) -> Patch<Value> {
        patch.isKept && replacesAll ? .clear : patch
    }

    private func sealed(
        _ values: Patch<[String: String]>, _ stored: RawJSON?, _ field: String, _ row: MCPServerRow, _ box: SecretBox
    ) throws -> RawJSON? {
        switch values {
        case .keep: return stored
        case .clear: return nil
        case .set(let values):
            let old = MCPServerRow.values(stored) ?? [:]
            var sealed: [String: String] = [:]
            for (name, value) in values {
                sealed[name] = try box.seal(
                    value, for: row.place(of: "\(field)/\(name)"), keeping: old[name], field: field)
            }
            return sealed == old && stored != nil ? stored : RawJSON(sealed)
        }
    }

    private func invalid(_ field: String, _ text: String, _ input: String, path: [String]? = nil) -> APIError {
        let location = ["body"] + (path ?? self.path) + [field]
        let issue = ValidationIssue(
            type: "value_error", location: location.map { .name($0) }, message: "Value error, \(text)",
            input: .string(input))
        return APIError(status: 422, body: .validation([issue], examples: []))
    }

    private static func isAddress(_ text: String) -> Bool {
        guard let url = URL(string: text, encodingInvalidCharacters: false), let host = url.host else { return false }
        return !host.isEmpty && ["http", "https"].contains(url.scheme?.lowercased())
    }

    private static func isHeaderName(_ name: String) -> Bool {
        let others = "!#$%&'*+-.^_`|~"
        return !name.isEmpty
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    || others.unicodeScalars.contains(scalar)
            }
    }

    private static func isHeaderValue(_ value: String) -> Bool {
        value.unicodeScalars.allSatisfy { $0 == "\t" || $0.value >= 32 && $0.value != 127 }
    }
}
