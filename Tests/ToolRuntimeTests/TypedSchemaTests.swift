import JSON
import Testing

@testable import ToolRuntime

/// Schemas of parameters whose types are classes, read from the source and never run.
@Suite(.timeLimit(.minutes(2))) struct TypedSchemaTests {
    private let runner = PythonToolRunner(sandbox: warmSandbox)

    private static let classes = """
        import nothing_here
        from pydantic import BaseModel, Field
        class Color(Enum):
            RED = "red"
            BLUE = "blue"
        class Level(IntEnum):
            LOW = auto()
            HIGH = auto()
        class Item(BaseModel):
            '''An item.

            Attributes:
                size: how large
            '''
            name: str = Field(..., description="item name", min_length=1)
            qty: int = Field(1, description="how many", ge=0)
            size: float = 1.0
            _hidden: int = 3
        class Base(BaseModel):
            id: int
        class Cart(Base):
            items: List[Item]
            note: Optional[str] = None
            children: list["Cart"] = Field(default_factory=list)
        @dataclass
        class Point:
            x: int
            y: int = 0
        class Options(TypedDict, total=False):
            a: Required[int]
            b: str
        Alias = Literal["x", "y"]
        UserId = NewType("UserId", int)

        """

    private static let item: JSONValue = [
        "type": "object",
        "properties": [
            "name": ["type": "string", "minLength": 1, "description": "item name"],
            "qty": ["type": "integer", "minimum": 0, "description": "how many"],
            "size": ["type": "number", "description": "how large"],
        ],
        "required": ["name"],
    ]

    private static let types: [(type: String, schema: JSONValue, isRequired: Bool)] = [
        ("Item", item, true), ("Optional[Item]", item, false),
        ("list[Item]", ["type": "array", "items": item], true),
        (
            "Cart",
            [
                "type": "object",
                "properties": [
                    "id": ["type": "integer"], "items": ["type": "array", "items": item], "note": ["type": "string"],
                    "children": [
                        "type": "array", "items": ["type": "object", "description": "Another Cart"],
                    ],
                ],
                "required": ["id", "items"],
            ], true
        ),
        (
            "Point",
            [
                "type": "object", "properties": ["x": ["type": "integer"], "y": ["type": "integer"]],
                "required": ["x"],
            ], true
        ),
        (
            "Options",
            [
                "type": "object", "properties": ["a": ["type": "integer"], "b": ["type": "string"]],
                "required": ["a"],
            ], true
        ),
        ("Color", ["type": "string", "enum": ["red", "blue"]], true),
        ("Level", ["type": "integer", "enum": [1, 2]], true),
        ("Literal[Color.RED]", ["type": "string", "enum": ["red"]], true),
        ("Alias", ["type": "string", "enum": ["x", "y"]], true), ("UserId", ["type": "integer"], true),
        ("datetime.datetime", ["type": "string", "format": "date-time"], true),
        ("date | None", ["type": "string", "format": "date"], false),
        ("UUID", ["type": "string", "format": "uuid"], true),
        (
            "tuple[int, str]",
            [
                "type": "array", "items": ["anyOf": [["type": "integer"], ["type": "string"]]], "minItems": 2,
                "maxItems": 2,
            ], true
        ),
        ("Tuple[float, ...]", ["type": "array", "items": ["type": "number"]], true),
        ("set[int]", ["type": "array", "items": ["type": "integer"], "uniqueItems": true], true),
        ("Annotated[int, Field(ge=3)]", ["type": "integer", "minimum": 3], true),
        ("dict[str, Item]", ["type": "object", "additionalProperties": item], true),
        ("'Item | str'", ["anyOf": [item, ["type": "string"]]], true),
    ]

    @Test func `classes of the source are described`() async throws {
        let parameters = Self.types.enumerated().map { "p\($0.offset): \($0.element.type)" }
        let texts = Self.types.indices.map { "        p\($0): text \($0)\n" }.joined()
        let read = try await runner.schema(
            of: Self.classes + "async def f(*, \(parameters.joined(separator: ", "))):\n    '''F.\n\n    Args:\n"
                + texts + "    '''\n")
        let properties = try #require(read.schema["parameters"]?["properties"]?.object)
        for (place, row) in Self.types.enumerated() {
            var expected = row.schema.object ?? [:]
            expected["description"] = .string("text \(place)")
            #expect(properties["p\(place)"] == .object(expected), "\(row.type)")
        }
        let required = Self.types.indices.filter { Self.types[$0].isRequired }.map { JSONValue.string("p\($0)") }
        #expect(read.schema["parameters"]?["required"] == .array(required))
    }

    @Test func `a class or an annotation describes a parameter that the docstring does not`() async throws {
        let read = try await runner.schema(
            of: Self.classes + "def f(a: Item, b: Annotated[int, Field(description='the b')]):\n    'F.'\n")
        let properties = try #require(read.schema["parameters"]?["properties"])
        #expect(properties["a"]?["description"] == "An item.")
        #expect(properties["b"]?["description"] == "the b")
    }

    private static let refused: [(source: String, says: String)] = [
        (
            "def f(\n    a: int,\n    b: Thing):\n    '''F.\n\n    Args:\n        a: a\n        b: b\n    '''",
            "(line 3)"
        ),
        ("\n\ndef f(a):\n    'F.'", "lacks a type annotation (line 3)"),
        ("\ndef f():\n    pass", "missing docstring (line 2)"),
        (
            "class A:\n    pass\ndef f(a: A):\n    '''F.\n\n    Args:\n        a: a\n    '''",
            "Python type A of parameter 'a'"
        ),
        ("A = B\nB = A\ndef f(a: A):\n    '''F.\n\n    Args:\n        a: a\n    '''", "Python type"),
        (
            (0..<30).map { "class C\($0)(BaseModel):\n    a: C\($0 + 1)\n    b: C\($0 + 1)\n" }.joined()
                + "class C30(BaseModel):\n    a: int\ndef f(a: C0):\n    '''F.\n\n    Args:\n        a: a\n    '''",
            "nested too deeply"
        ),
    ]

    @Test func `errors name the line`() async throws {
        for (source, says) in Self.refused {
            let refusal = await #expect(throws: SchemaRefusal.self) { try await runner.schema(of: source) }
            #expect(refusal?.reason.contains(says) == true, "\(source.prefix(80)): \(String(describing: refusal))")
        }
    }
}
