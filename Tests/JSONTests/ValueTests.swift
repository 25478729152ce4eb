import JSON
import Testing

@Suite(.timeLimit(.minutes(2))) struct ValueTests {
    @Test func literalsMakeTheValuesTheyLookLike() {
        let name = "Ada"
        let value: JSONValue = ["a": [nil, true, 1, 1.5, "x", "dear \(name)"], "b": [:], "c": []]
        #expect(value["a"]?.array == [.null, .bool(true), .int(1), .double(1.5), .string("x"), .string("dear Ada")])
        #expect(value["b"] == .object(JSONObject()))
        #expect(value["c"] == .array([]))
    }

    @Test func readingWhatIsNotThereGivesNil() {
        let value: JSONValue = ["list": [10, 20]]
        #expect(value["list"]?[1] == 20)
        #expect(value["list"]?[2] == nil)
        #expect(value["list"]?[-1] == nil)
        #expect(value["list"]?["x"] == nil)
        #expect(value["none"] == nil)
        #expect(value[0] == nil)
        #expect(JSONValue.null["a"] == nil)
    }

    @Test func accessorsGiveTheirOwnKindOnly() {
        #expect(JSONValue.null.isNull)
        #expect(!JSONValue.bool(false).isNull)
        #expect(JSONValue.bool(true).bool == true)
        #expect(JSONValue.int(1).bool == nil)
        #expect(JSONValue.int(5).int == 5)
        #expect(JSONValue.double(5).int == nil)
        #expect(JSONValue.double(5.5).double == 5.5)
        #expect(JSONValue.int(5).double == 5)
        #expect(JSONValue.string("5").double == nil)
        #expect(JSONValue.string("s").string == "s")
        #expect(JSONValue.null.string == nil)
        #expect(JSONValue.array([1]).array == [1])
        #expect(JSONValue.object(["a": 1]).object == ["a": 1])
        #expect(JSONValue.array([]).object == nil)
    }

    @Test func differentKindsAreNeverEqual() {
        let values: [JSONValue] = [
            nil, false, 0, .double(0), "", [], [:], "null", true, 1, 1.0, [nil], ["": nil], "\u{E9}", "e\u{301}",
        ]
        #expect(Set(values).count == values.count)
        for (left, value) in values.enumerated() {
            for (right, other) in values.enumerated() { #expect((value == other) == (left == right)) }
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct ObjectTests {
    @Test(arguments: [3, 15, 16, 17, 18, 40])
    func behavesTheSameBelowAndAboveTheIndex(_ count: Int) {
        var object = JSONObject()
        for number in 0..<count { object["k\(number)"] = .int(Int64(number)) }
        #expect(object.count == count)
        #expect(object.keys == (0..<count).map { "k\($0)" })
        #expect(object["k\(count - 1)"] == .int(Int64(count - 1)))
        #expect(object["k\(count)"] == nil)

        object["k1"] = "new"
        #expect(object.keys[1] == "k1")
        #expect(object["k1"] == "new")

        object["k0"] = nil
        object["absent"] = nil
        #expect(object.count == count - 1)
        #expect(object["k0"] == nil)
        #expect(object["k\(count - 1)"] == .int(Int64(count - 1)))

        object["k0"] = 0
        #expect(object.keys.last == "k0")
        #expect(object["k0"] == 0)
    }

    @Test func settingJSONNullKeepsTheKey() {
        var object: JSONObject = ["a": 1]
        object["a"] = .null
        #expect(object.keys == ["a"])
        #expect(object["a"] == .null)
    }

    @Test func theOrderOfKeysDoesNotMatterForEquality() {
        let left: JSONObject = ["a": 1, "b": ["x": 1, "y": 2]]
        let right: JSONObject = ["b": ["y": 2, "x": 1], "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left.keys != right.keys)
        #expect(left != ["a": 1])
        #expect(left != ["a": 1, "c": ["x": 1, "y": 2]])
        #expect(left != ["a": 2, "b": ["x": 1, "y": 2]])
    }

    @Test func aLiteralMayRepeatAKey() {
        let object: JSONObject = ["a": 1, "b": 2, "a": 3]
        #expect(object.keys == ["a", "b"])
        #expect(object["a"] == 3)
    }

    @Test func isASequenceOfMembersInOrder() {
        let object: JSONObject = ["b": 1, "a": 2]
        #expect(object.map(\.key) == ["b", "a"])
        #expect(object.map(\.value) == [1, 2])
        #expect(JSONObject().isEmpty)
        #expect(!object.isEmpty)
    }

    @Test func copiesAreIndependent() {
        let original = JSONObject(dictionaryLiteral: ("a", 1))
        var copy = original
        copy["a"] = 2
        #expect(original["a"] == 1)
    }
}

@Suite(.timeLimit(.minutes(2))) struct RawJSONTests {
    @Test func keepsTheTextAsItCame() throws {
        let text = #"{ "b":1.50, "a":"\u0041" }"#
        let raw = try RawJSON(validating: Array(text.utf8))
        #expect(raw.text == text)
        #expect(JSONWriter.string(of: raw) == text)
        #expect(try raw.value() == ["b": 1.5, "a": "A"])
    }

    @Test func refusesWhatIsNotJSON() {
        #expect(throws: JSONSyntaxError.self) { try RawJSON(validating: Array("{".utf8)) }
        #expect(throws: JSONSyntaxError.self) { try RawJSON(trusted: "nope").value() }
    }

    @Test func isMadeFromAValue() throws {
        #expect(RawJSON(["a": [1, nil]] as JSONValue).text == #"{"a":[1,null]}"#)
    }

    @Test func passesThroughTheCoders() throws {
        struct Tool: Codable, Equatable {
            var schema: RawJSON
        }
        let tool = try JSONDecoding().decode(Tool.self, from: Array(#"{"schema": {"z": 1, "a": 2.0}}"#.utf8))
        #expect(tool.schema.text == #"{"z":1,"a":2.0}"#)
        #expect(try JSONEncoding().encodeBytes(tool) == Array(#"{"schema":{"z":1,"a":2.0}}"#.utf8))
    }
}
