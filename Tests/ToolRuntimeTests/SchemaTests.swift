import JSON
import Testing

@testable import ToolRuntime

/// Schemas made from source that is never run.
@Suite(.timeLimit(.minutes(2))) struct SchemaTests {
    private let runner = PythonToolRunner(sandbox: warmSandbox)

    /// A type, its schema, and whether the parameter must be given.
    private static let types: [(type: String, schema: JSONObject, isRequired: Bool)] = [
        ("int", ["type": "integer"], true), ("str", ["type": "string"], true), ("float", ["type": "number"], true),
        ("bool", ["type": "boolean"], true), ("list", ["type": "array", "items": ["type": "string"]], true),
        ("List[int]", ["type": "array", "items": ["type": "integer"]], true),
        (
            "list[list[int]]", ["type": "array", "items": ["type": "array", "items": ["type": "integer"]]], true
        ),
        ("dict", ["type": "object"], true), ("dict[str, Any]", ["type": "object"], true),
        ("Dict[str, int]", ["type": "object", "additionalProperties": ["type": "integer"]], true),
        ("Optional[int]", ["type": "integer"], false), ("int | None", ["type": "integer"], false),
        ("'int | None'", ["type": "integer"], false),
        (
            "typing.Optional[typing.List[str]]",
            ["type": "array", "items": ["type": "string"]], false
        ),
        ("Union[int, str]", ["anyOf": [["type": "integer"], ["type": "string"]]], true),
        ("Literal['x', 'y']", ["type": "string", "enum": ["x", "y"]], true),
        ("Optional[Literal[1, 2]]", ["type": "integer", "enum": [1, 2]], false),
        ("Literal['x', None]", ["type": "string", "enum": ["x"]], false),
        ("Annotated[int, 'meta']", ["type": "integer"], true),
    ]

    @Test func `types`() async throws {
        let parameters = Self.types.enumerated().map { "p\($0.offset): \($0.element.type)" }
        let texts = Self.types.indices.map { "    p\($0): text \($0)" }
        let read = try await runner.schema(
            of: "def f(\(parameters.joined(separator: ", "))):\n    '''F.\n\n    Args:\n"
                + texts.map { "    \($0)\n" }.joined() + "    '''\n")
        let properties = try #require(read.schema["parameters"]?["properties"]?.object)
        for (place, row) in Self.types.enumerated() {
            var expected = row.schema
            expected["description"] = .string("text \(place)")
            #expect(properties["p\(place)"] == .object(expected), "\(row.type)")
            #expect(properties["p\(place)"]?.object?.keys.last == "description", "\(row.type)")
        }
        let required = Self.types.indices.filter { Self.types[$0].isRequired }.map { JSONValue.string("p\($0)") }
        #expect(read.schema["parameters"]?["required"] == .array(required))
    }

    private static let described: [(source: String, schema: JSONValue)] = [
        (
            "def f(a: int, b: str = 'x', *args, k: int, l: int = 1, **rest):\n    '''F.\n\n    Args:\n"
                + "        a (int): first\n        b: second\n        k: third\n        l: fourth\n    '''\n",
            [
                "name": "f", "description": "F.",
                "parameters": [
                    "type": "object",
                    "properties": [
                        "a": ["type": "integer", "description": "first"],
                        "b": ["type": "string", "description": "second"],
                        "k": ["type": "integer", "description": "third"],
                        "l": ["type": "integer", "description": "fourth"],
                    ], "required": ["a", "k"],
                ],
            ]
        ),
        (
            "async def f():\n    'Async.'\n",
            [
                "name": "f", "description": "Async.",
                "parameters": ["type": "object", "properties": [:], "required": []],
            ]
        ),
        ("def a():\n    'A.'\ndef b(self, agent_state):\n    'B.'\nx = 1\n", ["name": "b", "description": "B."]),
        ("class A:\n    def m(self):\n        'M.'\n", ["name": "m"]),
        ("import nothing_here\nraise ValueError()\n@nothing_here.decorator\ndef f():\n    'F.'\n", ["name": "f"]),
        (
            "def f(a: int):\n    '''\n    First line\n    second line.\n\n    Long text.\n\n    Args:\n"
                + "        a (int): starts here\n            and goes on\n\n    Raises:\n        ValueError: never\n\n"
                + "    Examples:\n        >>> f(1)\n    '''\n",
            [
                "description": "First line\n\nsecond line.\n\nLong text.\n\nExamples:\n        >>> f(1)",
                "parameters": ["properties": ["a": ["description": "starts here\nand goes on"]]],
            ]
        ),
        (
            "def f(a: int):\n    '''Numpy.\n\n    Parameters\n    ----------\n    a : int\n        the a\n\n"
                + "    Returns\n    -------\n    str\n        text\n    '''\n",
            ["description": "Numpy.", "parameters": ["properties": ["a": ["description": "the a"]]]]
        ),
        (
            "def f(a: int):\n    '''Rest.\n\n    :param int a: the a\n    :returns: text\n    '''\n",
            ["description": "Rest.", "parameters": ["properties": ["a": ["description": "the a"]]]]
        ),
    ]

    @Test func `signatures and docstrings`() async throws {
        for (source, expected) in Self.described {
            let schema = JSONValue.object(try await runner.schema(of: source).schema)
            #expect(schema.contains(expected), "\(source)\n\(JSONWriter.string(of: schema))")
        }
    }

    private static let refused: [(source: String, says: String)] = [
        ("x = 1", "No functions found in source code"), ("f = lambda a: 1", "No functions found in source code"),
        ("def f(a: int) -> str\n    pass", "Failed to parse source code: expected ':' (<unknown>, line 1)"),
        ("def f():\n    pass", "Function f missing docstring"),
        ("def f(a):\n    'F.'", "Parameter 'a' in function 'f' lacks a type annotation"),
        ("def f(a: int):\n    'F.'", "Parameter 'a' in function 'f' lacks a description in the docstring"),
        (
            "def f(a: Thing):\n    '''F.\n\n    Args:\n        a: a\n    '''",
            "Python type Thing of parameter 'a' (line 1)"
        ),
        ("def f(a: Any):\n    '''F.\n\n    Args:\n        a: a\n    '''", "Python type Any"),
        (String(repeating: "(", count: 5_000), "Failed to parse source code"),
        ("x = " + String(repeating: "-", count: 100_000) + "1", "Failed to parse source code"),
    ]

    @Test func `what can't be is said`() async throws {
        for (source, says) in Self.refused {
            let refusal = await #expect(throws: SchemaRefusal.self) { try await runner.schema(of: source) }
            #expect(refusal?.reason.contains(says) == true, "\(source.prefix(80)): \(String(describing: refusal))")
        }
    }

    @Test func `a schema of the arguments can be given`() async throws {
        let read = try await runner.schema(
            of: "def f(a: int):\n    '''F.\n\n    Args:\n        a: number\n    '''\n",
            arguments: [
                "type": "object", "title": "Args", "required": ["a"],
                "properties": ["a": ["type": "integer", "title": "A", "description": "given"]],
            ])
        #expect(
            JSONValue.object(read.schema) == [
                "name": "f", "description": "F.\n\nArgs:\n    a: number",
                "parameters": [
                    "type": "object", "properties": ["a": ["type": "integer", "description": "given"]],
                    "required": ["a"],
                ],
            ])
    }
}

extension JSONValue {
    /// Whether all members of `other` are here as they are there, down to the leaves.
    fileprivate func contains(_ other: JSONValue) -> Bool {
        guard let members = other.object else { return self == other }
        return members.allSatisfy { self[$0.key]?.contains($0.value) == true }
    }
}
