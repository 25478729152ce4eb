import FoundationEssentials
import JSON
import Testing

/// `JSONValue` and `RawJSON` inside types that are coded by someone else's coders.
@Suite(.timeLimit(.minutes(2))) struct ForeignCoderTests {
    static let document: JSONValue = [
        "n": nil, "t": true, "i": 5, "d": 1.5, "s": "x", "a": [1, [], "y", nil], "o": ["p": ["q": false]], "e": [:],
    ]

    @Test func aValueIsDecodedByFoundation() throws {
        let bytes = JSONWriter.bytes(of: Self.document)
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) == Self.document)
    }

    @Test func aValueIsEncodedByFoundation() throws {
        let data = try JSONEncoder().encode(Self.document)
        #expect(try JSONParser().parse(Array(data)) == Self.document)
    }

    @Test func rawTextTooGoesThroughFoundation() throws {
        let raw = RawJSON(Self.document)
        let back = try JSONDecoder().decode(RawJSON.self, from: JSONEncoder().encode(raw))
        #expect(try back.value() == Self.document)
    }

    @Test func foundationsTypesAreDecodedByUs() throws {
        struct Place: Codable, Equatable {
            var id: UUID
            var bytes: Data
        }
        let text = #"{"id":"123E4567-E89B-42D3-8456-426614174000","bytes":[1,255]}"#
        let place = try JSONDecoding().decode(Place.self, from: Array(text.utf8))
        #expect(place.bytes == Data([1, 255]))
        #expect(try JSONDecoding().decode(Place.self, from: JSONEncoding().encode(place)) == place)
        #expect(
            failing([UUID].self, ["nope"])
                == Failing(
                    path: [.index(0)],
                    problem: .invalid("Attempted to decode UUID from invalid UUID string."), input: "nope"))
    }
}
