import JSON
import Testing

/// Both in comparable form: where it failed and why.
struct Failing: Equatable, CustomStringConvertible {
    var path: [JSONDecodingFailure.PathElement]
    var problem: JSONDecodingFailure.Problem
    var input: JSONValue

    var description: String { "\(path) \(problem) \(JSONWriter.string(of: input))" }
}

func failing<T: Decodable>(
    _ type: T.Type, _ value: JSONValue, _ decoding: JSONDecoding = JSONDecoding()
) -> Failing? {
    do throws(JSONDecodingFailure) {
        _ = try decoding.decode(type, from: value)
        return nil
    } catch {
        return Failing(path: error.path, problem: error.problem, input: error.input)
    }
}

enum Color: String, Codable, CaseIterable { case red, green }

enum Level: Int, Codable, CaseIterable { case low = 1, high }

struct Person: Codable, Equatable {
    var name: String
    var age: Int?
    var score: Double?
    var color: Color?
    var friends: [Person]?
}

struct EvenNumber: Decodable, Equatable {
    struct Odd: JSONValidationFailure {
        var message: String { "Value must be even" }
    }
    var number: Int

    init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int.self)
        guard number.isMultiple(of: 2) else { throw Odd() }
    }
}

@Suite(.timeLimit(.minutes(2))) struct DecodingTests {
    let decoding = JSONDecoding()

    @Test func decodesNestedTypes() throws {
        let value: JSONValue = [
            "name": "Ada", "age": 36, "extra": 1,
            "friends": [["name": "Bob", "color": "green", "score": 1, "age": nil]],
        ]
        let person = try decoding.decode(Person.self, from: value)
        #expect(person.friends == [Person(name: "Bob", age: nil, score: 1, color: .green)])
        #expect(person.age == 36)
        #expect(person.score == nil)
    }

    @Test func decodesFromBytes() throws {
        #expect(try decoding.decode([Int].self, from: Array("[1,2]".utf8)) == [1, 2])
        #expect(throws: JSONSyntaxError.self) { try decoding.decode([Int].self, from: Array("[1,".utf8)) }
        #expect(throws: JSONDecodingFailure.self) { try decoding.decode([Int].self, from: Array("{}".utf8)) }
    }

    @Test func decodesEveryScalarType() throws {
        #expect(try decoding.decode([Int8].self, from: [-128, 127]) == [-128, 127])
        #expect(try decoding.decode([Int16].self, from: [-32768]) == [-32768])
        #expect(try decoding.decode([Int32].self, from: [-5]) == [-5])
        #expect(try decoding.decode([Int64].self, from: [.int(.max)]) == [.max])
        #expect(try decoding.decode([UInt8].self, from: [255]) == [255])
        #expect(try decoding.decode([UInt16].self, from: [65535]) == [65535])
        #expect(try decoding.decode([UInt32].self, from: [7]) == [7])
        #expect(try decoding.decode([UInt64].self, from: [.int(.max)]) == [UInt64(Int64.max)])
        #expect(try decoding.decode([UInt].self, from: [7]) == [7])
        #expect(try decoding.decode([Float].self, from: [0.5, 2]) == [0.5, 2])
        #expect(try decoding.decode([Double].self, from: [0.5, 2]) == [0.5, 2])
        #expect(try decoding.decode([Bool?].self, from: [true, nil]) == [true, nil])
        #expect(try decoding.decode([String: Int].self, from: ["a": 1]) == ["a": 1])
        #expect(try decoding.decode(Int?.self, from: nil) == nil)
        #expect(try decoding.decode(JSONValue.self, from: ["a": [1]]) == ["a": [1]])
        #expect(try decoding.decode([JSONValue].self, from: [nil, 1, "x"]) == [nil, 1, "x"])
    }

    @Test func missing() {
        #expect(
            failing(Person.self, ["name": "Ada", "friends": [["name": "x"], ["age": 1]]])
                == Failing(
                    path: [.key("friends"), .index(1), .key("name")], problem: .missing, input: ["age": 1]))
    }

    @Test func wrongType() {
        #expect(
            failing(Person.self, ["name": 5]) == Failing(path: [.key("name")], problem: .wrongType(.string), input: 5))
        #expect(
            failing(Person.self, ["name": nil])
                == Failing(path: [.key("name")], problem: .wrongType(.string), input: nil))
        #expect(
            failing(Person.self, ["name": "x", "age": "5"])
                == Failing(path: [.key("age")], problem: .wrongType(.integer), input: "5"))
        #expect(
            failing(Person.self, ["name": "x", "age": 5.0])
                == Failing(path: [.key("age")], problem: .wrongType(.integer), input: 5.0))
        #expect(
            failing(Person.self, ["name": "x", "score": true])
                == Failing(path: [.key("score")], problem: .wrongType(.number), input: true))
        #expect(
            failing(Person.self, ["name": "x", "friends": [:]])
                == Failing(path: [.key("friends")], problem: .wrongType(.array), input: [:]))
        #expect(failing(Person.self, [1]) == Failing(path: [], problem: .wrongType(.object), input: [1]))
        #expect(failing([Bool].self, [0]) == Failing(path: [.index(0)], problem: .wrongType(.boolean), input: 0))
    }

    @Test func notWhole() {
        #expect(
            failing(Person.self, ["name": "x", "age": 1.5])
                == Failing(path: [.key("age")], problem: .notWhole, input: 1.5))
    }

    @Test func outOfRange() {
        #expect(failing([Int8].self, [128]) == Failing(path: [.index(0)], problem: .outOfRange, input: 128))
        #expect(failing([UInt].self, [-1]) == Failing(path: [.index(0)], problem: .outOfRange, input: -1))
        #expect(failing(Int.self, 1e30) == Failing(path: [], problem: .outOfRange, input: 1e30))
    }

    @Test func enumeration() {
        let colors = JSONDecodingFailure.Problem.enumeration(["red", "green"])
        #expect(
            failing(Person.self, ["name": "x", "color": "blue"])
                == Failing(path: [.key("color")], problem: colors, input: "blue"))
        #expect(failing([Color].self, ["red", 5]) == Failing(path: [.index(1)], problem: colors, input: 5))
        #expect(failing(Level.self, 7) == Failing(path: [], problem: .enumeration(["1", "2"]), input: 7))
    }

    @Test func invalid() {
        #expect(
            failing([String: [EvenNumber]].self, ["a": [2, 3]])
                == Failing(path: [.key("a"), .index(1)], problem: .invalid("Value must be even"), input: 3))
    }

    @Test func otherErrorsOfATypeBecomeInvalid() {
        struct Odd: Error, CustomStringConvertible {
            var description: String { "odd" }
        }
        struct Picky: Decodable {
            init(from decoder: any Decoder) throws { throw Odd() }
        }
        #expect(failing([Picky].self, [1]) == Failing(path: [.index(0)], problem: .invalid("odd"), input: 1))
    }

    @Test func swiftsOwnErrorsAreTranslated() {
        struct Picky: Decodable {
            enum CodingKeys: CodingKey { case kind, inner }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                switch try container.decode(String.self, forKey: .kind) {
                case "corrupted":
                    throw DecodingError.dataCorruptedError(forKey: .inner, in: container, debugDescription: "bad")
                case "mismatch":
                    throw DecodingError.typeMismatch(
                        Bool.self, .init(codingPath: container.codingPath + [CodingKeys.inner], debugDescription: ""))
                case "no value":
                    throw DecodingError.valueNotFound(
                        Int.self, .init(codingPath: [CodingKeys.inner], debugDescription: ""))
                default:
                    throw DecodingError.keyNotFound(
                        CodingKeys.inner, .init(codingPath: container.codingPath, debugDescription: ""))
                }
            }
        }
        let path: [JSONDecodingFailure.PathElement] = [.index(0), .key("inner")]
        #expect(
            failing([Picky].self, [["kind": "corrupted", "inner": 1]])
                == Failing(path: path, problem: .invalid("bad"), input: 1))
        #expect(
            failing([Picky].self, [["kind": "mismatch", "inner": 1]])
                == Failing(path: path, problem: .wrongType(.boolean), input: 1))
        #expect(
            failing([Picky].self, [["kind": "no value", "inner": nil]])
                == Failing(path: path, problem: .wrongType(.integer), input: nil))
        #expect(
            failing([Picky].self, [["kind": "absent"]])
                == Failing(path: path, problem: .missing, input: ["kind": "absent"]))
    }

    @Test func userInfoReachesTheTypes() throws {
        struct Greeting: Decodable {
            static let key = CodingUserInfoKey(rawValue: "greeting")
            var text: String
            init(from decoder: any Decoder) throws {
                text = try #require(Self.key.flatMap { decoder.userInfo[$0] } as? String)
            }
        }
        var decoding = JSONDecoding()
        if let key = Greeting.key { decoding.userInfo[key] = "hello" }
        #expect(try decoding.decode([Greeting].self, from: [1])[0].text == "hello")
    }
}
