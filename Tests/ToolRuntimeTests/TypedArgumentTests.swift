import JSON
import Testing

@testable import ToolRuntime

/// Arguments arrive as the objects that the signature names.
@Suite(.timeLimit(.minutes(2))) struct TypedArgumentTests {
    private static let classes = """
        import dataclasses, datetime, enum
        class Color(enum.Enum):
            RED = "red"
            BLUE = "blue"
        @dataclasses.dataclass
        class Point:
            x: int
            day: "datetime.date" = None
            color: Color = Color.RED
            others: "list[Point]" = dataclasses.field(default_factory=list)
        class Model:
            # What pydantic's models have.
            @classmethod
            def model_validate(cls, value):
                model = cls()
                model.name = value["name"]
                return model
            def model_dump(self):
                return {"name": self.name}
            def __repr__(self):
                return f"Model({self.name!r})"
        class Pair(NamedTuple):
            a: int
            b: Color

        """

    private static let rows: [(type: String, given: JSONValue, got: String)] = [
        ("Color", "blue", "<Color.BLUE: 'blue'>"), ("Color", "BLUE", "<Color.BLUE: 'blue'>"),
        ("datetime.date", "2026-01-31", "datetime.date(2026, 1, 31)"),
        (
            "datetime.datetime", "2026-01-31T10:20:30Z",
            "datetime.datetime(2026, 1, 31, 10, 20, 30, tzinfo=datetime.timezone.utc)"
        ),
        ("datetime.timedelta", 90, "datetime.timedelta(seconds=90)"),
        (
            "Point", ["x": 1, "day": "2026-01-31", "color": "blue", "others": [["x": 2]], "made_up": 1],
            "Point(x=1, day=datetime.date(2026, 1, 31), color=<Color.BLUE: 'blue'>, others=[Point(x=2, day=None, "
                + "color=<Color.RED: 'red'>, others=[])])"
        ),
        ("Model", ["name": "n"], "Model('n')"), ("list[Model]", [["name": "n"]], "[Model('n')]"),
        ("Optional[Model]", ["name": "n"], "Model('n')"), ("'Model | None'", nil, "None"),
        ("Union[str, Model]", ["name": "n"], "Model('n')"), ("Union[str, Model]", "n", "'n'"),
        ("Pair", ["a": 1, "b": "red"], "Pair(a=1, b=<Color.RED: 'red'>)"),
        ("tuple[int, Color]", [1, "red"], "(1, <Color.RED: 'red'>)"), ("set[int]", [1, 1], "{1}"),
        ("dict[int, Color]", ["3": "red"], "{3: <Color.RED: 'red'>}"),
        ("Annotated[Color, 'x']", "red", "<Color.RED: 'red'>"), ("Unknown", "x", "'x'"), ("int", 3, "3"),
    ]

    @Test func `arguments are objects`() async throws {
        let parameters = Self.rows.enumerated().map { "p\($0.offset): \($0.element.type)" }.joined(separator: ", ")
        let names = Self.rows.indices.map { "p\($0)" }.joined(separator: ", ")
        var arguments: JSONObject = [:]
        for (place, row) in Self.rows.enumerated() { arguments["p\(place)"] = row.given }
        let source =
            "from __future__ import annotations\n" + Self.classes
            + "def f(\(parameters)):\n    return [repr(one) for one in (\(names),)]\n"
        let result = try await run(source: source, arguments)
        #expect(result.succeeded, "\(result)")
        for (place, row) in Self.rows.enumerated() {
            #expect(result.value.array?[place] == .string(row.got), "\(row.type)")
        }
    }

    private static let refused: [(type: String, given: JSONValue, says: String)] = [
        ("Color", "green", "argument 'a' is 'green', which is no Color. Use one of 'red', 'blue'"),
        ("datetime.date", "tomorrow", "argument 'a' is no date: Invalid isoformat string: 'tomorrow'"),
        ("Point", ["y": 1], "argument 'a' is no Point"), ("tuple[int, int]", [1], "argument 'a' needs 2 items, not 1"),
        ("list[Color]", ["red", "green"], "argument 'a[1]' is 'green'"),
    ]

    @Test func `an argument that is no such object is named`() async throws {
        for (type, given, says) in Self.refused {
            let result = try await run(source: Self.classes + "def f(a: \(type)):\n    return 1\n", ["a": given])
            #expect(!result.succeeded)
            #expect(result.shown.string?.contains(says) == true, "\(type): \(result.shown)")
        }
    }

    @Test func `objects that are returned are JSON for clients and text for the model`() async throws {
        let result = try await run(
            source: Self.classes + "def f():\n    return [Point(1, datetime.date(2026, 1, 31)), {2}]\n")
        #expect(
            result.value == [["x": 1, "day": "2026-01-31", "color": "red", "others": []], [2]], "\(result.value)")
        #expect(result.shown.string?.hasPrefix("[Point(x=1, day=datetime.date(2026, 1, 31)") == true)
        let model = try await run(
            source: Self.classes + "def f(m: Model):\n    return m\n", ["m": ["name": "n"]])
        #expect(model.value == ["name": "n"] && model.shown == "Model('n')")
    }

    @Test func `a missing package is said with what to do`() async throws {
        let result = try await run(body: "import nothing_here.x")
        #expect(
            result.shown.string?.contains(#"list it in the tool's pip_requirements: [{"name": "nothing_here"}]"#)
                == true,
            "\(result.shown)")
    }
}
