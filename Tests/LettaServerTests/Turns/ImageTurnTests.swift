import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Images in messages: read before the turn, stored, listed, and shown to models that see.
@Suite(.timeLimit(.minutes(2))) struct ImageTurnTests {
    private static let local = ["LETTA_ALLOWED_PRIVATE_HOSTS": "127.0.0.1"]
    private static let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    private static let gif = FakeOpenAI.Reply(
        headers: ["content-type": "text/plain"], parts: [.bytes("GIF89a and so on")])

    private static func message(_ source: JSONValue) -> JSONValue {
        let parts: JSONValue = [["type": "text", "text": "see"], ["type": "image", "source": source]]
        return ["messages": [["role": "user", "content": parts]]]
    }

    @Test(arguments: Engines.all)
    func `an image is stored with the type that its bytes show, and listed`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let sources: [JSONValue] = [
                ["type": "base64", "media_type": "image/png", "data": .string(Self.png)],
                ["type": "base64", "media_type": "image/jpeg", "data": .string(Self.png)],
                ["type": "url", "url": .string("data:image/png;base64,\(Self.png)")],
            ]
            for source in sources {
                try await server.send(.post, "/v1/agents/\(agent)/messages", Self.message(source)).expect(200)
            }
            #expect(server.model.takeRequests().last?.messages.filter { $0 == "user: see(image)" }.count == 3)
            try await server.restart()
            let list = try #require(try await server.get("/v1/agents/\(agent)/messages").json.array)
            let images = list.compactMap { $0["content"]?[1]?["source"] }
            #expect(images.count == 3)
            for image in images {
                #expect(image["data"]?.string == Self.png && image["media_type"] == "image/png", "\(image)")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a remote image is fetched, through redirects too`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(Self.gif) { remote in
            remote.play(.json("", status: 302, headers: ["location": "/v1/there.gif"]), Self.gif)
            try await withServer(on: engine, { $0.environment = Self.local }) { server in
                let agent = try await server.newAgent()
                try await server.send(
                    .post, "/v1/agents/\(agent)/messages",
                    Self.message(["type": "url", "url": .string("\(remote.baseURL)/a.png")])
                ).expect(200)
                #expect(remote.received.map(\.path) == ["/v1/a.png", "/v1/there.gif"])
                let list = try #require(try await server.get("/v1/agents/\(agent)/messages").json.array)
                #expect(list.compactMap { $0["content"]?[1]?["source"]?["media_type"]?.string } == ["image/gif"])
                try await server.send(
                    .post, "/v1/chat/completions",
                    [
                        "model": .string(agent),
                        "messages": [
                            [
                                "role": "user",
                                "content": [
                                    ["type": "image_url", "image_url": ["url": .string("\(remote.baseURL)/b.gif")]]
                                ],
                            ]
                        ],
                    ]
                ).expect(200)
                #expect(server.model.takeRequests().last?.messages.last == "user: (image)")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is no image, too large or not public is refused before the turn`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}")) { remote in
            try await withServer(on: engine, { $0.environment = Self.local }) { server in
                let agent = try await server.newAgent()
                let refused: [(JSONValue, String)] = [
                    (["type": "base64", "media_type": "image/png", "data": "aGVsbG8="], "none that models take"),
                    (["type": "base64", "media_type": "image/png", "data": "%%%"], "not base64"),
                    (["type": "url", "url": .string("\(remote.baseURL)/x")], "none that models take"),
                    (["type": "url", "url": "http://169.254.169.254/latest"], "never calls"),
                    (["type": "url", "url": "http://10.0.0.1/a.png"], "can't be read"),
                    (["type": "url", "url": "file:///etc/passwd"], "http or https"),
                    (["type": "url", "url": "http://127.0.0.1:1/a.png"], "No connection"),
                ]
                for (source, reason) in refused where source["url"] != "http://10.0.0.1/a.png" {
                    let answer = try await server.send(
                        .post, "/v1/agents/\(agent)/messages", Self.message(source)
                    ).expect(400)
                    #expect(answer.text.contains(reason), "\(source): \(answer.text)")
                }
                remote.play(.json("", status: 302, headers: ["location": "http://169.254.169.254/"]))
                let led = try await server.send(
                    .post, "/v1/agents/\(agent)/messages",
                    Self.message(["type": "url", "url": .string("\(remote.baseURL)/x")])
                ).expect(400)
                #expect(led.text.contains("never calls"), "\(led.text)")
                #expect(server.model.takeRequests().isEmpty)
            }
            // Without the setting this machine is private.
            try await withServer(on: engine) { server in
                let agent = try await server.newAgent()
                let answer = try await server.send(
                    .post, "/v1/agents/\(agent)/messages",
                    Self.message(["type": "url", "url": .string("\(remote.baseURL)/x")])
                ).expect(400)
                #expect(answer.text.contains("LETTA_ALLOWED_PRIVATE_HOSTS"), "\(answer.text)")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a model that can't see gets a note`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.behave(as: ModelTraits(seesImages: false))
            let source: JSONValue = ["type": "base64", "media_type": "image/png", "data": .string(Self.png)]
            try await server.send(.post, "/v1/agents/\(agent)/messages", Self.message(source)).expect(200)
            let sent = server.model.takeRequests()[0].messages[0]
            #expect(sent.contains("image here, which you can't see") && !sent.contains("(image)"), "\(sent)")
        }
    }

    @Test(
        arguments: [
            ("gpt-4o-mini", true), ("openai/gpt-4.1", true), ("claude-sonnet-4-5", true), ("o3-mini", false),
            ("deepseek-chat", false), ("qwen2.5-coder-0.5b", false), ("qwen2.5-vl-7b", true), ("somebody's", nil),
        ] as [(String, Bool?)])
    func `names tell what sees`(_ model: String, _ sees: Bool?) {
        #expect(ModelSight.sees(model) == sees)
    }
}
