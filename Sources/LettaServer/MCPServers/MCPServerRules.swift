import JSON
import LettaAPI
import ModelProviders

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

    /// Sets a bearer token; the mask keeps the stored one, and an empty text removes it.
    mutating func setToken(_ token: Patch<String>) {
        guard let text = token.value else { return }
        let isWhole = text.isEmpty || text == SealedSecret.mask || text.hasPrefix("Bearer ")
        settings.authToken = .set(isWhole ? text : "Bearer \(text)")
        if settings.authHeader.isKept { settings.authHeader = .set("Authorization") }
    }

    func apply(to row: inout MCPServerRow, _ box: SecretBox) throws {
        if let name {
            guard !name.isEmpty else {
                throw APIError.invalidField("server_name", "the name can't be empty", input: .string(name))
            }
            try KeyText.check("server_name", name)
            row.serverName = name
        }
        if let type { row.serverType = type.rawValue }
        let isStdio = row.serverType == MCPServerType.stdio.rawValue
        try checkMembers(isStdio: isStdio)
        if isStdio { try applyStdio(to: &row, box) } else { try applyRemote(to: &row, box) }
    }

    private func applyStdio(to row: inout MCPServerRow, _ box: SecretBox) throws {
        let old = row
        (row.serverURL, row.authHeader, row.sealedAuthToken, row.sealedCustomHeaders) = (nil, nil, nil, nil)
        settings.command.apply(to: &row.command)
        guard let command = row.command, command.contains(where: { !$0.isWhitespace }) else {
            throw invalid("command", "a stdio server needs a command", row.command ?? "")
        }
        let args = cleared(settings.args)
        if !args.isKept { row.args = args.value.map { RawJSON($0) } }
        row.args = row.args ?? RawJSON([String]())
        if let env = settings.env.value { try EnvironmentName.check("env", env.keys.sorted()) }
        if command != old.command, keepsValue(settings.env, old.sealedEnv) {
            throw invalid(
                "command", "another command needs env in the same request: the stored values are not given to it",
                command)
        }
        row.sealedEnv = try sealed(settings.env, row.sealedEnv, "env", row, box)
    }

    private func applyRemote(to row: inout MCPServerRow, _ box: SecretBox) throws {
        let old = row
        (row.command, row.args, row.sealedEnv) = (nil, nil, nil)
        settings.serverURL.apply(to: &row.serverURL)
        try checkAddress(row.serverURL ?? "", replacing: old)
        cleared(settings.authHeader).apply(to: &row.authHeader)
        if let header = settings.authHeader.value, !Self.isHeaderName(header) {
            throw invalid("auth_header", "must be the name of an HTTP header", header)
        }
        guard settings.authToken.value.map(Self.isHeaderValue) != false else {
            throw invalid("auth_token", "can't have line breaks", "")
        }
        row.sealedAuthToken = try box.seal(
            authToken, for: row.place(of: "auth_token"), keeping: row.sealedAuthToken, field: "auth_token", path: path)
        for (name, value) in settings.customHeaders.value ?? [:] {
            guard Self.isHeaderName(name), Self.isHeaderValue(value) else {
                throw invalid("custom_headers", "must be names and values of HTTP headers", name)
            }
        }
        row.sealedCustomHeaders = try sealed(
            settings.customHeaders, row.sealedCustomHeaders, "custom_headers", row, box)
    }

    private var authToken: Patch<String> {
        replacesAll && settings.authToken.value == nil ? .set("") : settings.authToken
    }

    /// Secrets can't be read back; with another URL, the next connection would send them there.
    private func checkAddress(_ url: String, replacing old: MCPServerRow) throws {
        do {
            _ = try EgressAddress(url)
        } catch {
            throw invalid("server_url", error.reason, EgressAddress.shown(url))
        }
        let kept =
            (authToken.keepsSecret && old.sealedAuthToken != nil ? ["auth_token"] : [])
            + (keepsValue(settings.customHeaders, old.sealedCustomHeaders) ? ["custom_headers"] : [])
        guard url != old.serverURL, !kept.isEmpty else { return }
        throw invalid(
            "server_url",
            "another URL needs \(kept.joined(separator: " and ")) in the same request: stored secrets are not sent to it",
            EgressAddress.shown(url))
    }

    /// Whether one of the stored values stays as it is.
    private func keepsValue(_ values: Patch<[String: String]>, _ stored: RawJSON?) -> Bool {
        guard let stored = MCPServerRow.values(stored), !stored.isEmpty else { return false }
        return values.value.map { $0.values.contains(SealedSecret.mask) } ?? !replacesAll
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
        guard let values = values.value else { return replacesAll ? nil : stored }
        let old = MCPServerRow.values(stored) ?? [:]
        var sealed: [String: String] = [:]
        for (name, value) in values {
            sealed[name] = try box.seal(
                value, for: row.place(of: "\(field)/\(name)"), keeping: old[name], field: field, path: path)
        }
        return sealed == old && stored != nil ? stored : RawJSON(sealed)
    }

    private func invalid(_ field: String, _ text: String, _ input: String) -> APIError {
        .invalidField(field, text, input: .string(input), path: path)
    }

    private static func isHeaderName(_ name: String) -> Bool {
        let others = "!#$%&'*+-.^_`|~"
        return !name.isEmpty
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    || others.unicodeScalars.contains(scalar)
            }
    }

    static func isHeaderValue(_ value: String) -> Bool {
        value.unicodeScalars.allSatisfy { $0 == "\t" || $0.value >= 32 && $0.value != 127 }
    }
}
