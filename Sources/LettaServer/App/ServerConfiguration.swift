package import Configuration
import HTTPKit
import LettaAPI
package import Logging
import ModelProviders

/// The settings of a server, read once at start.
///
/// Command line arguments override environment variables, which override the defaults.
package struct ServerConfiguration: Sendable {
    /// Where and how the server listens.
    package struct HTTP: Sendable {
        /// `--host`, `LETTA_HOST`: the address to listen on.
        package var host = "127.0.0.1"
        /// `--port`, `LETTA_PORT`: the port to listen on; 0 takes a free one.
        package var port = 8283
        /// `--socket`, `LETTA_SOCKET`: the Unix socket to listen on instead of an address and a port.
        package var socket: String?
        /// `--tls-cert`, `LETTA_TLS_CERT`: the certificate chain, as a PEM file, to serve HTTPS with.
        var tlsCertificate: String?
        /// `--tls-key`, `LETTA_TLS_KEY`: the private key of the certificate, as a PEM file.
        var tlsKey: String?
        /// `LETTA_SERVER_PASSWORD`, `--password-file`: the password that clients send. Always enforced when set.
        var password: Secret?
        /// `LETTA_SERVER_SECURE`: whether to generate and print a password when none is set.
        package var requiresPassword = false
        /// `LETTA_ALLOWED_HOSTS`: comma-separated host names under which a server on loopback may be called besides
        /// `localhost`.
        package var allowedHosts: [String] = []
        /// `ACCEPTABLE_ORIGINS`: comma-separated origins of web pages that may call besides those of this machine.
        package var acceptableOrigins: [String] = []
        /// `LETTA_DASHBOARD`: `off` for no dashboard, or an address of its own.
        package var dashboard = DashboardPlace.withAPI
    }

    /// Where data is stored.
    package struct Data: Sendable {
        /// `--data-dir`, `LETTA_DIR`: the data folder.
        package var folder: String
        /// `LETTA_PG_URI`: the PostgreSQL database to use instead of the SQLite file in the data folder.
        var postgresURI: Secret?
        /// Where Letta kept its SQLite database.
        var lettaFolder: String?
        /// `LETTA_ENCRYPTION_KEY`: any text, or two separated by a comma, the new one first, to replace a key. Without
        /// it the server generates a key and stores it in the data folder.
        var encryptionKeys: Secret?
    }

    /// `LETTA_DEFAULT_LLM_HANDLE`, `LETTA_TRACE_RETENTION_DAYS`, `LETTA_TRACE_MAX_BYTES`: what clients can't set.
    var defaults = ServerDefaults.Fixed()
    /// `LETTA_BACKUP_EVERY`, `LETTA_BACKUP_KEEP`: the hours between two copies of the SQLite database, and how many are kept.
    var backups = BackupScheduler.Settings()
    /// `LETTA_APPROVAL_TIMEOUT_DAYS`: how long calls wait for an approval.
    package var approvals = ApprovalPolicy()
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`: where spans are sent; nil for
    /// nowhere.
    var spans: SpanDestination?
    /// `LETTA_MODEL_PRICES`: what models cost, as JSON.
    var prices = ModelPrices()
    package var http = HTTP()
    package var data: Data
    /// `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `ANTHROPIC_API_KEY`, …: the model services that are offered to everybody, in the
    /// order in which their models are listed. One that lacks its address is there with an empty one.
    var services: [ProviderSettings] = []
    /// `LETTA_ALLOWED_MODEL_HOSTS`: comma-separated hosts that clients may name as model endpoints; all if empty. The
    /// services of the environment are always allowed.
    package var allowedModelHosts: [String] = []
    /// `LETTA_ALLOWED_PRIVATE_HOSTS`: comma-separated hosts on private networks that callbacks and fetched images may be
    /// on; `*` for all.
    var privateHosts: [String] = []
    /// `LETTA_CALLBACK_SECRET`: signs callbacks.
    var callbackSecret: Secret?
    /// `LETTA_BATCH_ENDPOINTS`: comma-separated addresses of services whose own batches answer message batches; `off` for
    /// none.
    var batchEndpoints = BatchEndpoints.official
    /// `LETTA_LOCAL`: whether local models are offered; `off` disables them.
    package var localModels = true
    /// `LETTA_LLAMA_SERVER`: the program that runs local models, instead of the one on `PATH` or in the data folder.
    package var llamaServer: String?
    /// `LETTA_TOOL_PACKAGES`: the folder that packages for tools are installed in; without it tools have none.
    package var toolPackages: String?
    /// `LETTA_NODE`: the node that runs tools in TypeScript, instead of the first one that is new enough.
    package var node: String?
    /// `LETTA_TOOL_NETWORK`: comma-separated hosts that tools may reach over HTTP; `*` for all public ones, none if empty.
    package var toolNetwork: [String] = []
    /// `LETTA_TOOLS_WITHOUT_SANDBOX`: whether tools run without walls where this machine has none.
    package var allowsToolsWithoutSandbox = false
    /// `EXA_API_KEY`, `TAVILY_API_KEY`, `SEARXNG_URL`: where the tool `web_search` searches.
    var webSearch = WebSearchSettings()
    /// `MCP_DISABLE_STDIO`, `LETTA_MCP_STDIO_COMMANDS`, `LETTA_PUBLIC_URL`: see ``MCPPolicy``.
    package var mcp = MCPPolicy()
    /// `LETTA_LOG_LEVEL`: trace, debug, info, notice, warning, error or critical.
    package var logLevel = Logger.Level.info

    /// The command line arguments; nil for those not given.
    package struct Arguments: Sendable {
        package var host: String?
        package var port: Int?
        package var socket: String?
        package var tlsCertificate: String?
        package var tlsKey: String?
        package var dataFolder: String?
        package var password: String?

        package init() {}
    }

    /// Reads the environment.
    ///
    /// - Throws: `StartUpFailure.invalidSetting` that names the invalid variable.
    package init(arguments: Arguments, environment: ConfigReader) throws {
        let home = environment.string(forKey: "home") ?? "/root"
        let folder = arguments.dataFolder ?? environment.string(forKey: "letta.dir")
        data = Data(folder: folder.map { Self.expanded($0, home: home) } ?? "\(home)/.local/share/letta-server")
        data.postgresURI = try Self.secret("letta.pg.uri", environment) ?? Self.lettaURI(environment)
        data.lettaFolder = "\(home)/.letta"
        data.encryptionKeys = Self.secret("letta.encryption.key", environment)
        http.host = arguments.host ?? environment.string(forKey: "letta.host") ?? http.host
        http.port = try arguments.port ?? Self.port(environment) ?? http.port
        http.socket = Self.path(arguments.socket, "letta.socket", environment, home)
        http.tlsCertificate = Self.path(arguments.tlsCertificate, "letta.tls.cert", environment, home)
        http.tlsKey = Self.path(arguments.tlsKey, "letta.tls.key", environment, home)
        http.password = try arguments.password.map { Secret($0) } ?? Self.password(environment)
        http.requiresPassword = try Self.flag("LETTA_SERVER_SECURE", environment.string(forKey: "letta.server.secure"))
        http.allowedHosts = Self.list(environment.string(forKey: "letta.allowed.hosts"))
        http.acceptableOrigins = Self.list(environment.string(forKey: "acceptable.origins"))
        http.dashboard = try DashboardPlace(environment.string(forKey: "letta.dashboard"))
        services = try ServiceProfile.all.compactMap { try Self.service($0, environment) }
        allowedModelHosts = Self.list(environment.string(forKey: "letta.allowed.model.hosts"))
        privateHosts = Self.list(environment.string(forKey: "letta.allowed.private.hosts"))
        callbackSecret = Self.secret("letta.callback.secret", environment)
        batchEndpoints = try Self.batchEndpoints(environment)
        let local = environment.string(forKey: "letta.local")
        localModels = try local.map { try $0.isEmpty || Self.flag("LETTA_LOCAL", $0) } ?? localModels
        defaults.model = environment.string(forKey: "letta.default.llm.handle").flatMap { $0.isEmpty ? nil : $0 }
        llamaServer = environment.string(forKey: "letta.llama.server").flatMap { $0.isEmpty ? nil : $0 }
        approvals.days =
            try Self.positive(
                "LETTA_APPROVAL_TIMEOUT_DAYS", environment.string(forKey: "letta.approval.timeout.days"),
                most: 1_000_000)
            ?? approvals.days
        spans = try Self.spanDestination(environment)
        prices =
            try environment.string(forKey: "letta.model.prices").flatMap { $0.isEmpty ? nil : $0 }
            .map { try ModelPrices(json: $0) } ?? prices
        webSearch.exaKey = Self.secret("exa.api.key", environment)?.reveal()
        webSearch.tavilyKey = Self.secret("tavily.api.key", environment)?.reveal()
        webSearch.searxngURL = Self.secret("searxng.url", environment)?.reveal()
        toolPackages = Self.path(nil, "letta.tool.packages", environment, home)
        toolNetwork = Self.list(environment.string(forKey: "letta.tool.network")).map { $0.lowercased() }
        node = Self.path(nil, "letta.node", environment, home)
        allowsToolsWithoutSandbox = try Self.flag(
            "LETTA_TOOLS_WITHOUT_SANDBOX", environment.string(forKey: "letta.tools.without.sandbox"))
        defaults.traceDays =
            try Self.positive(
                "LETTA_TRACE_RETENTION_DAYS", environment.string(forKey: "letta.trace.retention.days"), most: 1_000_000)
        defaults.traceBytes =
            try Self.positive("LETTA_TRACE_MAX_BYTES", environment.string(forKey: "letta.trace.max.bytes"))
        backups = try backupSettings(environment)
        mcp = try mcpPolicy(environment)
        if let text = environment.string(forKey: "letta.log.level") {
            guard let level = Logger.Level(rawValue: text.lowercased()) else {
                throw StartUpFailure.invalidSetting(
                    "LETTA_LOG_LEVEL is '\(text)'; use trace, debug, info, notice, warning, error or critical.")
            }
            logLevel = level
        }
        guard (0...65_535).contains(http.port) else {
            throw StartUpFailure.invalidSetting("The port \(http.port) is not between 0 and 65535.")
        }
    }

    /// Whether only this machine can connect, over the network.
    package var isBoundToLoopback: Bool { Self.isLoopback(http.host) }

    private static func isLoopback(_ host: String) -> Bool {
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        let isLoopbackNumber = bytes.count == 4 && bytes[0] == 127 && !bytes.contains(nil)
        return host == "localhost" || host == "::1" || isLoopbackNumber
    }

    /// Generates a password if one is required and none is set, and returns it for printing.
    package mutating func makeUpPassword() -> String? {
        guard http.requiresPassword, http.password == nil else { return nil }
        let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        var generator = SystemRandomNumberGenerator()
        let password = String((0..<24).compactMap { _ in letters.randomElement(using: &generator) })
        http.password = Secret(password)
        return password
    }

    /// - Throws: `StartUpFailure` for an address beyond loopback without a password, or a socket that can't be made.
    func checkDoor() throws {
        guard isBoundToLoopback || http.socket != nil || http.password != nil else {
            throw StartUpFailure.openWithoutPassword(host: http.host)
        }
        if case .address(let host, _) = http.dashboard, !Self.isLoopback(host), http.password == nil {
            throw StartUpFailure.openWithoutPassword(host: host)
        }
        try http.socket.map(UnixSocket.checkFree)
    }

    /// The certificate to serve HTTPS with; nil for plain HTTP.
    func certificate() throws -> TLSCertificate? {
        switch (http.tlsCertificate, http.tlsKey) {
        case (nil, nil): return nil
        case (let chain?, let key?):
            do {
                return try TLSCertificate(chainFile: chain, keyFile: key)
            } catch let failure as TLSCertificateFailure {
                throw StartUpFailure.invalidSetting(failure.description)
            }
        case (_?, nil):
            throw StartUpFailure.invalidSetting("--tls-cert needs the key of the certificate: set --tls-key too.")
        case (nil, _?):
            throw StartUpFailure.invalidSetting("--tls-key needs the certificate of the key: set --tls-cert too.")
        }
    }

    /// The settings in effect, one per line, secrets masked.
    package var description: String {
        let services = services.map { service in
            let address = service.baseURL.isEmpty ? "no address" : service.baseURL
            return ("model service \(service.name)", "\(address), \(service.apiKey.map { "key \($0)" } ?? "no key")")
        }
        let lines: [(String, String)] =
            [
                ("host", http.host),
                ("port", "\(http.port)"),
                ("socket", http.socket ?? "none"),
                ("TLS certificate", http.tlsCertificate ?? "none"),
                ("TLS key", http.tlsKey ?? "none"),
                ("password", http.password.map { "\($0)" } ?? (http.requiresPassword ? "generated at start" : "none")),
                ("allowed hosts", http.allowedHosts.isEmpty ? "localhost" : http.allowedHosts.joined(separator: ", ")),
                ("acceptable origins", http.acceptableOrigins.joined(separator: ", ")),
                ("dashboard", http.dashboard.text),
                ("data folder", data.folder),
                ("storage", data.postgresURI.map { "PostgreSQL at \($0)" } ?? "SQLite, \(data.folder)/letta.sqlite"),
                ("encryption key", data.encryptionKeys.map { "\($0)" } ?? "\(data.folder)/encryption.key"),
                ("model services", services.isEmpty ? "none" : "\(services.count)"),
            ] + services + [
                (
                    "hosts of model endpoints",
                    allowedModelHosts.isEmpty ? "any" : allowedModelHosts.joined(separator: ", ")
                ),
                (
                    "private hosts of callbacks and images",
                    privateHosts.isEmpty ? "none" : privateHosts.joined(separator: ", ")
                ),
                ("services whose batches are used", batchEndpoints.text),
                ("callback secret", callbackSecret.map { "\($0)" } ?? "none"),
                ("model of agents that name none", defaults.model ?? "as set in the dashboard, else the local one"),
                ("local models", localModels ? "on" : "off"),
                ("llama-server", llamaServer ?? "the one on PATH, else in \(data.folder)/runtime"),
                (
                    "web search",
                    webSearch.exaKey != nil
                        ? "Exa" : webSearch.tavilyKey != nil ? "Tavily" : webSearch.searxngURL ?? "none"
                ),
                ("packages of tools", toolPackages ?? "none"),
                ("network of tools", toolNetwork.isEmpty ? "none" : toolNetwork.joined(separator: ", ")),
                ("node for tools", node ?? "the one of this machine"),
                ("tools without a sandbox", allowsToolsWithoutSandbox ? "where this machine has none" : "never"),
                ("stdio MCP servers", mcp.isStdioDisabled ? "off" : "\(mcp.commandCount) commands"),
                ("spans", spans?.url ?? "not sent"),
                ("prices of models", prices.prices.isEmpty ? "none" : "\(prices.prices.count)"),
                ("public URL", mcp.publicURL),
                ("days that traces are kept", defaults.traceDays.map { "\($0)" } ?? "as set in the dashboard"),
                ("bytes of traces that are kept", defaults.traceBytes.map { "\($0)" } ?? "as set in the dashboard"),
                ("scheduled backups", backups.everyHours.map { "every \($0) hours" } ?? "as set in the dashboard"),
                ("approvals", "denied after \(approvals.days) days"),
                ("log level", logLevel.rawValue),
            ]
        return lines.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
    }
}

extension ServerConfiguration {
    static func secret(_ key: ConfigKey, _ environment: ConfigReader) -> Secret? {
        guard let text = environment.string(forKey: key, isSecret: true), !text.isEmpty else { return nil }
        return Secret(text)
    }

    private static func password(_ environment: ConfigReader) throws -> Secret? {
        guard let text = secret("letta.server.password", environment)?.reveal() else { return nil }
        return Secret(try PasswordText.password(in: Array(text.utf8), of: "LETTA_SERVER_PASSWORD"))
    }

    private static func port(_ environment: ConfigReader) throws -> Int? {
        guard let text = environment.string(forKey: "letta.port") else { return nil }
        guard let port = Int(text) else {
            throw StartUpFailure.invalidSetting("LETTA_PORT is '\(text)'; use a number from 0 to 65535.")
        }
        return port
    }

    static func positive(_ name: String, _ text: String?, most: Int = 1 << 50) throws -> Int? {
        guard let text, !text.isEmpty else { return nil }
        guard let number = Int(text), number > 0, number <= most else {
            throw StartUpFailure.invalidSetting("\(name) is '\(text)'; use a whole number from 1 to \(most).")
        }
        return number
    }

    static func flag(_ name: String, _ text: String?) throws -> Bool {
        switch text?.lowercased() {
        case nil, "", "0", "false", "no", "off": false
        case "1", "true", "yes", "on": true
        case .some(let other):
            throw StartUpFailure.invalidSetting("\(name) is '\(other)'; use true or false.")
        }
    }

    static func list(_ text: String?) -> [String] {
        (text ?? "").split { $0 == "," || $0 == " " }.map(String.init)
    }

    private static func path(
        _ argument: String?, _ key: ConfigKey, _ environment: ConfigReader, _ home: String
    ) -> String? {
        guard let path = argument ?? environment.string(forKey: key), !path.isEmpty else { return nil }
        return expanded(path, home: home)
    }

    private static func expanded(_ path: String, home: String) -> String {
        path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : path
    }
}
