import JSON
import Testing

/// Uses every container an encoder has.
private struct EncodedByHand: Encodable {
    enum Keys: String, CodingKey { case z, list, inner, a, base, last }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(1, forKey: .z)
        var list = container.nestedUnkeyedContainer(forKey: .list)
        try list.encode("first")
        try list.encodeNil()
        var row = list.nestedUnkeyedContainer()
        try row.encode(2.5)
        var member = list.nestedContainer(keyedBy: Keys.self)
        try member.encode(true, forKey: .z)
        try 7.encode(to: list.superEncoder())
        var inner = container.nestedContainer(keyedBy: Keys.self, forKey: .inner)
        try inner.encodeNil(forKey: .a)
        var same = container.superEncoder().container(keyedBy: Keys.self)
        try same.encode("s", forKey: .a)
        try ["x"].encode(to: container.superEncoder(forKey: .base))
        try container.encode(2, forKey: .last)
    }
}

@Suite(.timeLimit(.minutes(2))) struct EncodingTests {
    let encoding = JSONEncoding()

    private func text(_ value: some Encodable, _ encoding: JSONEncoding = JSONEncoding()) throws -> String {
        String(decoding: try encoding.encodeBytes(value), as: UTF8.self)
    }

    @Test func keepsTheOrderOfEncodingAndWritesNulls() throws {
        let person = Person(name: "Ada", age: nil, score: 1, color: .red, friends: [Person(name: "B")])
        #expect(
            try text(person)
                == #"{"name":"Ada","age":null,"score":1.0,"color":"red","friends":["#
                + #"{"name":"B","age":null,"score":null,"color":null,"friends":null}]}"#)
    }

    @Test func omitsNilWhenAsked() throws {
        let person = Person(name: "Ada", friends: [Person(name: "B", age: 1)])
        #expect(
            try text(person, JSONEncoding(omitsNil: true)) == #"{"name":"Ada","friends":[{"name":"B","age":1}]}"#)
    }

    @Test func everyContainerWorksByHand() throws {
        #expect(
            try text(EncodedByHand())
                == #"{"z":1,"list":["first",null,[2.5],{"z":true},7],"inner":{"a":null},"#
                + #""a":"s","base":["x"],"last":2}"#)
    }

    @Test func everyScalarType() throws {
        #expect(try encoding.encode([Int8.min]) == [-128])
        #expect(try encoding.encode([Int16.max]) == [32767])
        #expect(try encoding.encode([Int32.max]) == [2_147_483_647])
        #expect(try encoding.encode([Int64.min]) == [.int(.min)])
        #expect(try encoding.encode([UInt8.max]) == [255])
        #expect(try encoding.encode([UInt16.max]) == [65535])
        #expect(try encoding.encode([UInt32.max]) == [4_294_967_295])
        #expect(try encoding.encode([UInt64(Int64.max)]) == [.int(.max)])
        #expect(try encoding.encode([Float(0.1)]) == [0.1])
        #expect(try encoding.encode([0.1, 1]) == [0.1, .double(1)])
        #expect(try encoding.encode([true, nil]) == [true, nil])
        #expect(try encoding.encode("x") == "x")
        #expect(try encoding.encode(Color.green) == "green")
        #expect(try encoding.encode(["k": Level.high]) == ["k": 2])
        #expect(try encoding.encode(nil as Int?) == .null)
    }

    @Test func theLargestNumberIsWrittenWhole() throws {
        #expect(try text(UInt64.max) == "18446744073709551615")
        #expect(try text(["k": [UInt.max]]) == #"{"k":[18446744073709551615]}"#)
    }

    @Test func emptyContainersAreWritten() throws {
        struct Nothing: Encodable {}
        #expect(try encoding.encode(Nothing()) == [:])
        #expect(try encoding.encode([Int]()) == [])
        #expect(try encoding.encode([String: Int]()) == [:])
        #expect(try encoding.encode([Nothing()]) == [[:]])
    }

    @Test func valuesPassThrough() throws {
        struct Call: Codable, Equatable {
            var arguments: JSONValue
            var raw: RawJSON
        }
        let call = Call(arguments: ["b": 1, "a": [nil, 1.0]], raw: RawJSON(trusted: #"{"y": 1, "x": [2.0]}"#))
        #expect(try text(call) == #"{"arguments":{"b":1,"a":[null,1.0]},"raw":{"y": 1, "x": [2.0]}}"#)
        #expect(try encoding.encode(call.arguments) == call.arguments)
    }

    @Test func wrongTrustIsFoundOut() {
        #expect(throws: JSONSyntaxError.self) { try encoding.encode(RawJSON(trusted: "{")) }
    }

    @Test func whatIsEncodedIsDecodedAgain() throws {
        let friends = [Person(name: "B"), Person(name: "C")]
        let person = Person(name: "Ada", age: 3, score: 2.5, color: .red, friends: friends)
        #expect(try JSONDecoding().decode(Person.self, from: encoding.encode(person)) == person)
    }
}
