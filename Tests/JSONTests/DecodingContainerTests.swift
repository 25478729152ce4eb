import JSON
import Testing

/// Absent, null and value are three different wishes.
enum Patch<Value: Sendable & Equatable>: Sendable, Equatable {
    case keep, clear, set(Value)
}

extension Patch: Decodable where Value: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = container.decodeNil() ? .clear : .set(try container.decode(Value.self))
    }
}

extension KeyedDecodingContainer {
    func decode<V: Decodable>(_: Patch<V>.Type, forKey key: Key) throws -> Patch<V> {
        guard contains(key) else { return .keep }
        return try decodeNil(forKey: key) ? .clear : .set(decode(V.self, forKey: key))
    }
}

/// Reads `{"meta": {"id": 1}, "rows": [[1, 2], {"x": 3}, 4, null], "n": 6, "other": {"n": 5}}` by hand.
private struct ByHand: Decodable, Equatable {
    enum Keys: String, CodingKey { case meta, rows, other, id, x, n }
    struct Number: Decodable, Equatable {
        var value: Int
        init(from decoder: any Decoder) throws {
            value = try decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .n)
        }
    }
    var id: Int
    var row: [Int] = []
    var x: Int
    var four: Int
    var endsWithNull: Bool
    var base: Number
    var number: Number
    var keys: [Keys]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        keys = container.allKeys
        id = try container.nestedContainer(keyedBy: Keys.self, forKey: .meta).decode(Int.self, forKey: .id)
        var rows = try container.nestedUnkeyedContainer(forKey: .rows)
        var row = try rows.nestedUnkeyedContainer()
        while !row.isAtEnd { self.row.append(try row.decode(Int.self)) }
        x = try rows.nestedContainer(keyedBy: Keys.self).decode(Int.self, forKey: .x)
        four = try Int(from: rows.superDecoder())
        endsWithNull = try rows.decodeNil() && rows.isAtEnd
        base = try Number(from: container.superDecoder())
        number = try Number(from: container.superDecoder(forKey: .other))
    }
}

@Suite(.timeLimit(.minutes(2))) struct DecodingContainerTests {
    let document: JSONValue = [
        "meta": ["id": 1], "rows": [[1, 2], ["x": 3], 4, nil], "n": 6, "other": ["n": 5], "unknown": 0,
    ]

    @Test func everyContainerWorksByHand() throws {
        let read = try JSONDecoding().decode(ByHand.self, from: document)
        #expect(read.id == 1)
        #expect(read.row == [1, 2])
        #expect(read.x == 3)
        #expect(read.four == 4)
        #expect(read.endsWithNull)
        #expect(read.base.value == 6)
        #expect(read.number.value == 5)
        #expect(read.keys == [.meta, .rows, .n, .other])
    }

    struct Damage: Sendable {
        var key: String
        var value: JSONValue
        var path: [JSONDecodingFailure.PathElement]
    }

    static let damages: [Damage] = [
        Damage(key: "meta", value: ["id": "x"], path: [.key("meta"), .key("id")]),
        Damage(key: "meta", value: [:], path: [.key("meta"), .key("id")]),
        Damage(key: "meta", value: 1, path: [.key("meta")]),
        Damage(key: "rows", value: [[1, "x"]], path: [.key("rows"), .index(0), .index(1)]),
        Damage(key: "rows", value: [1], path: [.key("rows"), .index(0)]),
        Damage(key: "rows", value: [[], ["x": "y"]], path: [.key("rows"), .index(1), .key("x")]),
        Damage(key: "rows", value: [[], ["x": 1], "z"], path: [.key("rows"), .index(2)]),
        Damage(key: "rows", value: [[], ["x": 1], 4], path: [.key("rows"), .index(3)]),
        Damage(key: "rows", value: [[]], path: [.key("rows"), .index(1)]),
        Damage(key: "n", value: "x", path: [.key("n")]),
        Damage(key: "other", value: ["n": "x"], path: [.key("other"), .key("n")]),
        Damage(key: "other", value: nil, path: [.key("other")]),
    ]

    @Test(arguments: damages)
    func pathsAreWholeFromEveryContainer(_ damage: Damage) throws {
        var object = try #require(document.object)
        object[damage.key] = damage.value
        let failure = failing([String: [ByHand]].self, ["list": [.object(object)]])
        #expect(failure?.path == [.key("list"), .index(0)] + damage.path)
    }

    @Test func decodeIfPresentTakesAbsentAndNullForNil() throws {
        struct Options: Decodable, Equatable {
            var text: String?
            var number: Int?
            var flag: Bool?
            var list: [Int]?
            var any: JSONValue?
        }
        let none = Options()
        #expect(try JSONDecoding().decode(Options.self, from: [:]) == none)
        #expect(
            try JSONDecoding().decode(
                Options.self, from: ["text": nil, "number": nil, "flag": nil, "list": nil, "any": nil]) == none)
        #expect(
            try JSONDecoding().decode(
                Options.self, from: ["text": "a", "number": 1, "flag": true, "list": [1], "any": [:]])
                == Options(text: "a", number: 1, flag: true, list: [1], any: [:]))
        #expect(failing(Options.self, ["flag": 1])?.path == [.key("flag")])
    }

    @Test func patchTellsAbsentNullAndValueApart() throws {
        struct Update: Decodable, Equatable {
            var a: Patch<String>
            var b: Patch<Int>
            var c: Patch<[String]>
        }
        #expect(
            try JSONDecoding().decode(Update.self, from: ["b": nil, "c": ["x"]])
                == Update(a: .keep, b: .clear, c: .set(["x"])))
        #expect(
            failing(Update.self, ["c": ["x", 1]])
                == Failing(path: [.key("c"), .index(1)], problem: .wrongType(.string), input: 1))
        #expect(failing(Update.self, ["b": "x"])?.path == [.key("b")])
    }

    @Test func unionsMayTryOneTypeAfterAnother() throws {
        enum Content: Decodable, Equatable {
            case text(String), parts([Person])
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                // Text or else parts: the failure of the second is the one to report.
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else {
                    self = .parts(try container.decode([Person].self))
                }
            }
        }
        #expect(try JSONDecoding().decode([Content].self, from: ["a", []]) == [.text("a"), .parts([])])
        #expect(
            failing([String: Content].self, ["c": [["name": "x"], [:]]])
                == Failing(path: [.key("c"), .index(1), .key("name")], problem: .missing, input: [:]))
    }

    @Test func inheritanceByKeyAndWithout() throws {
        class Base: Decodable {
            var id: Int
        }
        final class Derived: Base {
            enum Keys: CodingKey { case name }
            var name = ""
            required init(from decoder: any Decoder) throws {
                name = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .name)
                try super.init(from: decoder)
            }
        }
        let derived = try JSONDecoding().decode(Derived.self, from: ["id": 4, "name": "x"])
        #expect(derived.id == 4)
        #expect(derived.name == "x")
    }

    @Test func decodeNilOfAnAbsentKeyFails() {
        struct Strange: Decodable {
            enum Keys: CodingKey { case a }
            init(from decoder: any Decoder) throws {
                _ = try decoder.container(keyedBy: Keys.self).decodeNil(forKey: .a)
            }
        }
        #expect(failing(Strange.self, [:]) == Failing(path: [.key("a")], problem: .missing, input: [:]))
        #expect(failing(Strange.self, ["a": 1]) == nil)
    }
}
