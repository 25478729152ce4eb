import JSON
import TestSupport
import Testing

@testable import ModelProviders

/// Which addresses the server calls, and what it says of those it can't call.
@Suite(.timeLimit(.minutes(2))) struct EgressTests {
    private func reason(_ address: String) -> String? {
        do throws(EgressRefusal) {
            _ = try EgressAddress(address)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(arguments: [
        "http://localhost", "https://api.openai.com/v1", "HTTP://Host:1/", "http://127.0.0.1:65535/v1",
        "http://[::1]:80/x",
        "http://model_1.docker:8080?x=1", "http://10.0.0.1:080/", "http://host.:80/", "http://h#@169.254.169.254/",
        "http://[fd00::1]/", "http://100.100.100.201/",
    ])
    func `an address with a scheme, a host and a port is called`(_ address: String) {
        #expect(reason(address) == nil)
    }

    @Test(arguments: [
        "", "h", "localhost:80", "ftp://h/", "file:///etc/passwd", "http+unix://%2Ftmp%2Fs/", "//h/", "http:h",
        "http://",
        "http:///x", "http://h x/", "http://h\n/", "http://h\u{0}/", "http://h\\@x/", "http://[::1", "http://é.com/",
        "http://h%41/", "http://...", "http://[v1.a]/", "http://a:80:90/", "letta-local:",
        "http://" + String(repeating: "h", count: 3_000),
    ])
    func `anything else is refused`(_ address: String) {
        #expect(reason(address)?.hasPrefix("must be an http or https address") == true)
    }

    @Test(arguments: ["0", "65536", "99999", "99999999999999999999999", "-1", "8x", "", "+80", " 80"])
    func `a port that there can't be is refused`(_ port: String) {
        #expect(reason("http://127.0.0.1:\(port)/v1") != nil)
        #expect(reason("http://h:\(port)") != nil)
    }

    @Test func `a port out of range is named`() {
        #expect(reason("http://127.0.0.1:65536/v1") == "must have a port from 1 to 65535")
        #expect(reason("http://u:p@h/") == "must not contain a user name or a password")
        #expect(reason("http://h@169.254.169.254/") == "must not contain a user name or a password")
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "2852039166", "0xA9FEA9FE", "0xa9.0376.43518", "0251.0376.0251.0376",
        "169.254.43518", "[fe80::1]", "[febf::1]", "[FE80::ABCD]", "[fd00:ec2::254]", "[FD00:0EC2:0::0254]",
        "100.100.100.200", "168.63.129.16", "metadata.google.internal", "METADATA.google.internal.", "metadata.goog",
        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::a9fe:a9fe]", "[::ffff:0:a9fe:a9fe]",
        "[64:ff9b::169.254.169.254]", "[2002:a9fe:a9fe::]",
    ])
    func `link-local and metadata addresses are refused in every spelling`(_ host: String) {
        #expect(reason("http://\(host)/latest/meta-data")?.contains("link-local or cloud metadata") == true)
        #expect(reason("https://\(host):8443")?.contains("link-local or cloud metadata") == true)
    }

    @Test func `messages show an address without its password and query`() {
        #expect(EgressAddress.shown("http://user:secret@h:1/v1?key=secret#x") == "http://h:1/v1")
        #expect(EgressAddress.shown("https://h/@me/v1") == "https://h/@me/v1")
        #expect(EgressAddress.shown(String(repeating: "x", count: 900)).count == 200)
    }

    @Test func `clients may name the hosts that the operator allows`() async throws {
        let transport = ProviderTransport(modelHosts: ["Models.example", "10.0.0.7"])
        for (address, isAllowed) in [
            ("https://models.example/v1", true), ("http://MODELS.example.:81", true), ("http://10.0.0.7/v1", true),
            ("http://other.example/", false), ("http://models.example.evil/", false), ("http://10.0.0.8/", false),
        ] {
            let isRefused = (try? transport.checkModelEndpoint(address)) == nil
            #expect(isRefused != isAllowed, "\(address)")
        }
        try await transport.shutdown()
    }

    // MARK: Calls

    private static let request = ModelRequest(model: "m", messages: [.user([.text("a secret prompt")])])

    private func failure(_ provider: OpenAIProvider) async -> ProviderFailure? {
        do {
            for try await _ in provider.stream(Self.request) {}
            return nil
        } catch {
            return error
        }
    }

    @Test func `a redirect is not followed and names its target`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { other in
            let redirect = FakeOpenAI.Reply.json("", status: 307, headers: ["location": "\(other.baseURL)/taken?k=v"])
            try await FakeOpenAI.serving(redirect) { fake in
                let failure = await failure(fake.provider())
                #expect(failure?.kind == .badRequest && failure?.status == 307)
                #expect(failure?.message.contains("redirects to \(other.baseURL)/taken, which") == true)
                #expect(fake.received.count == 1)
                await #expect(throws: ProviderFailure.self) { try await fake.provider().listModels() }
            }
            #expect(other.received.isEmpty)
        }
    }

    @Test(arguments: ["http://127.0.0.1:99999/v1", "http://169.254.169.254/", "", "::", "//x:70000"])
    func `a redirect to nowhere is a failed call`(_ location: String) async throws {
        try await FakeOpenAI.serving(.json("", status: 302, headers: ["location": location])) { fake in
            #expect(await failure(fake.provider())?.message.contains("does not follow") == true)
        }
    }

    @Test func `a forbidden address is never called`() async throws {
        let transport = ProviderTransport()
        for url in ["http://127.0.0.1:99999/v1", "http://169.254.169.254/v1", "http://0xa9fea9fe/v1", "nonsense", ""] {
            let provider = OpenAIProvider(settings: .init(name: "x", baseURL: url), transport: transport)
            #expect(await failure(provider)?.kind == .badRequest, "\(url)")
        }
        try await transport.shutdown()
    }

    @Test func `the address of the connection is checked before a request is sent`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            // Stands for a name that resolves to a link-local address.
            let transport = ProviderTransport(refusing: { $0 == IPAddress("127.0.0.1") })
            let provider = OpenAIProvider(settings: .init(name: "x", baseURL: fake.baseURL), transport: transport)
            for _ in 1...3 {
                let failure = await failure(provider)
                #expect(failure?.kind == .badRequest)
                #expect(failure?.message.contains("never calls (127.0.0.1)") == true, "\(failure?.message ?? "")")
            }
            #expect(fake.received.isEmpty)
            try await transport.shutdown()
            // An exchange, so that the fake has accepted the connections before it closes: NIO traps on one that it accepts
            // while it closes.
            let open = ProviderTransport()
            _ = await self.failure(
                OpenAIProvider(
                    settings: .init(name: "x", baseURL: fake.baseURL), transport: open,
                    retries: RetryPolicy(maximumRetries: 0)))
            #expect(fake.received.count == 1)
            try await open.shutdown()
        }
    }

    @Test func `a dead endpoint is named in a sentence that says what to do`() async throws {
        let transport = ProviderTransport()
        for (url, reason) in [
            ("http://127.0.0.1:1/v1", "Connection refused"),
            ("http://does-not-exist.invalid/v1", "the name does-not-exist.invalid can't be resolved"),
        ] {
            let provider = OpenAIProvider(
                settings: .init(name: "x", baseURL: url), transport: transport, retries: RetryPolicy(maximumRetries: 0))
            let failure = await failure(provider)
            #expect(
                failure?.message
                    == "No connection to \(url)/chat/completions: \(reason). Check the address, and that the service is "
                    + "running.")
        }
        try await transport.shutdown()
    }
}
