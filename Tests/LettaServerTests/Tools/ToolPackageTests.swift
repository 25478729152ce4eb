import Foundation
import JSON
import LettaAPI
import TestSupport
import Testing
import ToolRuntime

/// Packages of tools are installed before their calls and not during them.
@Suite(.timeLimit(.minutes(5))) struct ToolPackageTests {
    private static let source: JSONValue = """
        def shout(text: str):
            '''Shout.

            Args:
                text: what
            '''
            import shouting
            return shouting.shout(text)
        """

    /// A sandbox whose pip knows one package, `shouting`, of versions 1.0, and no network.
    private func sandbox(in folder: String) throws -> ToolSandbox {
        let wheels = "\(folder)/wheels"
        try FileManager.default.createDirectory(atPath: wheels, withIntermediateDirectories: true)
        let script = """
            import zipfile
            with zipfile.ZipFile("\(wheels)/shouting-1.0-py3-none-any.whl", "w") as wheel:
                wheel.writestr("shouting.py", "def shout(text): return text.upper() + '!'\\n")
                info = "shouting-1.0.dist-info/"
                wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: shouting\\nVersion: 1.0\\n")
                wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                wheel.writestr(info + "RECORD", "")
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let settings = "\(folder)/pip.conf"
        try "[global]\nno-index = true\nfind-links = /wheels\n".write(
            toFile: settings, atomically: true, encoding: .utf8)
        let bubblewrap = "\(folder)/bwrap"
        try "#!/bin/sh\nexec \(ToolSandbox().bubblewrap) --ro-bind '\(wheels)' /wheels \"$@\"\n".write(
            toFile: bubblewrap, atomically: true, encoding: .utf8)
        for path in [folder, wheels, bubblewrap] { try #require(chmod(path, 0o755) == 0) }
        try #require(chmod(settings, 0o644) == 0)
        var sandbox = ToolSandbox(bubblewrap: bubblewrap)
        sandbox.packagesFolder = "\(folder)/packages"
        sandbox.pipConfiguration = settings
        return sandbox
    }

    /// Reads a tool until its packages are there or failed.
    private func status(of tool: String, on server: TestServer) async throws -> JSONValue {
        while true {
            let found = try await server.get("/v1/tools/\(tool)").json
            guard ["pending", "building"].contains(found["packages_status"]?.string) else { return found }
            await Task.yield()
        }
    }

    @Test(arguments: Engines.scenarios)
    func `packages are installed once, and are there after a restart`(_ engine: TestEngine) async throws {
        try await withTemporaryFolder { folder in
            let sandbox = try sandbox(in: folder)
            try await withServer(on: engine, { $0.sandbox = sandbox }) { server in
                let body: JSONValue = [
                    "source_code": Self.source, "pip_requirements": [["name": "shouting", "version": "1.0"]],
                ]
                let made = try await server.send(.put, "/v1/tools/", body)
                made.expect(200, ["packages_status": "pending", "packages_detail": nil])
                #expect(try await status(of: made.id, on: server)["packages_status"] == "ready")
                let agent = try await server.newAgent(["tools": ["shout"]])
                let path = "/v1/agents/\(agent)/tools/shout/run"
                let works = Scenario.post(path, ["args": ["text": "hi"]], expect: 200, ["func_return": "HI!"])
                try await server.run(works)
                let files = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/packages")
                #expect(files.contains { $0.hasSuffix(".pyc") }, "calls need not compile what can't be written to")
                // From now on nothing can be installed.
                try FileManager.default.removeItem(atPath: "\(folder)/wheels/shouting-1.0-py3-none-any.whl")
                try await server.restart()
                try await server.run([
                    works,
                    .put("/v1/tools/", body, expect: 200, ["packages_status": "ready"]),
                    .post(
                        "/v1/tools/run",
                        [
                            "source_code": "def w():\n    'W.'\n    open('/packages/shouting.py', 'a')\n", "args": [:],
                            "pip_requirements": [["name": "shouting", "version": "1.0"]],
                        ], expect: 200, ["tool_return": .text(containing: "Read-only file system")]
                    ).note("a call changes nothing for the next one"),
                    .post(
                        "/v1/tools/run",
                        [
                            "source_code": Self.source, "args": ["text": "a"],
                            "pip_requirements": [["name": "shouting", "version": "1.0"]],
                        ], expect: 200, ["tool_return": "A!"]),
                    .post(
                        "/v1/tools/run",
                        [
                            "source_code": Self.source, "args": ["text": "a"],
                            "pip_requirements": [["name": "shouting"]],
                        ], expect: 400, ["detail": .text(containing: "shouting are not installed")]),
                ])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failure is in the tool and in its results`(_ engine: TestEngine) async throws {
        try await withTemporaryFolder { folder in
            let sandbox = try sandbox(in: folder)
            try await withServer(on: engine, { $0.sandbox = sandbox }) { server in
                let made = try await server.send(
                    .put, "/v1/tools/",
                    ["source_code": Self.source, "pip_requirements": [["name": "shouting", "version": "2.0"]]])
                let failed = try await status(of: made.id, on: server)
                #expect(failed["packages_status"] == "failed")
                let detail = try #require(failed["packages_detail"]?.string)
                #expect(detail.contains("shouting==2.0"), "\(detail)")
                let agent = try await server.newAgent(["tools": ["shout"]])
                try await server.run([
                    .post(
                        "/v1/agents/\(agent)/tools/shout/run", ["args": ["text": "hi"]], expect: 200,
                        [
                            "status": "error",
                            "func_return": .text(containing: "its packages (shouting==2.0) could not be installed"),
                        ]),
                    .patch(
                        "/v1/tools/\(made.id)", ["pip_requirements": [["name": "shouting"]]], expect: 200,
                        ["packages_status": "pending", "packages_detail": nil]),
                ])
                #expect(try await status(of: made.id, on: server)["packages_status"] == "ready")
                try await server.run([
                    .patch(
                        "/v1/tools/\(made.id)", ["pip_requirements": nil], expect: 200, ["packages_status": nil])
                ])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `where the operator allows none, requirements are stored only`(_ engine: TestEngine) async throws {
        try await withTemporaryFolder { folder in
            let allowed = try sandbox(in: folder)
            try await withServer(on: engine) { server in
                try await server.run([
                    .put(
                        "/v1/tools/",
                        ["source_code": Self.source, "pip_requirements": [["name": "shouting", "version": "1.0"]]],
                        expect: 200, ["packages_status": "off"])
                ])
                let agent = try await server.newAgent(["tools": ["shout"]])
                try await server.run([
                    .post(
                        "/v1/agents/\(agent)/tools/shout/run", ["args": ["text": "hi"]], expect: 200,
                        ["status": "error", "func_return": .text(containing: "No module named 'shouting'")])
                ])
                #expect(allowed.packages("x") == nil)
            }
        }
    }

    @Test func `a call waits for packages that are being installed`() async throws {
        try await withTemporaryFolder { folder in
            let sandbox = try sandbox(in: folder)
            try await withServer(on: .sqlite, { $0.sandbox = sandbox }) { server in
                try await server.send(
                    .put,
                    "/v1/tools/",
                    ["source_code": Self.source, "pip_requirements": [["name": "shouting", "version": "1.0"]]]
                ).expect(200, ["packages_status": "pending"])
                let agent = try await server.newAgent(["tools": ["shout"]])
                try await server.run([
                    .post(
                        "/v1/agents/\(agent)/tools/shout/run", ["args": ["text": "hi"]], expect: 200,
                        ["status": "success", "func_return": "HI!"])
                ])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a package that no requirement names is told at once`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let missing: JSONValue = [
                "packages_status": "missing", "packages_detail": .text(containing: "[{\"name\": \"shouting\"}]"),
            ]
            let made = try await server.send(.put, "/v1/tools/", ["source_code": Self.source])
            made.expect(200, missing)
            try await server.restart()
            try await server.run([
                .get("/v1/tools/\(made.id)", expect: 200, missing),
                .patch(
                    "/v1/tools/\(made.id)", ["pip_requirements": [["name": "shouting"]]], expect: 200,
                    ["packages_status": "off", "packages_detail": nil]),
                .put(
                    "/v1/tools/",
                    [
                        "source_code":
                            "import json\ntry:\n    import none\nexcept ImportError: pass\ndef f():\n    'F.'\n"
                    ],
                    expect: 200, ["packages_status": nil, "packages_detail": nil]),
                .get("/v1/tools/tool-00000000-0000-4000-8000-000000000000", expect: 404),
            ])
        }
    }

    private static let refused: [JSONValue] = [
        [["name": "--index-url=http://evil"]], [["name": "x @ http://127.0.0.1/x.whl"]], [["name": "../x"]],
        [["name": ""]], [["name": "x", "version": "1.0 --pre"]], [["name": "x", "version": "1.0;os_name=='a'"]],
        .array(Array(repeating: ["name": "x"], count: 33)),
    ]

    @Test func `what pip would take for something else is refused`() async throws {
        try await scenarios(
            on: .sqlite,
            Self.refused.map {
                .put("/v1/tools/", ["source_code": Self.source, "pip_requirements": $0], expect: 422)
                    .field("pip_requirements")
            })
    }
}
