import JSON
import Testing

/// What a value becomes as each scalar type: strict and lax side by side.
@Suite(.timeLimit(.minutes(2))) struct LaxScalarTests {
    typealias Problem = JSONDecodingFailure.Problem
    let strict = JSONDecoding()
    let lax = JSONDecoding(scalars: .lax)

    private func outcome<T: Decodable>(
        _ type: T.Type, _ value: JSONValue, _ decoding: JSONDecoding
    ) -> Result<T, Refused> {
        do throws(JSONDecodingFailure) {
            return .success(try decoding.decode(type, from: value))
        } catch {
            return .failure(Refused(problem: error.problem))
        }
    }

    struct Refused: Error, Equatable {
        var problem: Problem
    }

    @Test(
        arguments: [
            (5, 5), (5.0, 5), (-3.0, -3), ("5", 5), ("-5", -5), ("+5", 5), (" 5\n", 5), ("5.0", 5), ("5.00", 5),
            (true, 1),
            (false, 0), ("9223372036854775807", .max), ("007", 7),
        ] as [(JSONValue, Int)])
    func integers(_ value: JSONValue, _ expected: Int) {
        #expect(outcome(Int.self, value, lax) == .success(expected))
    }

    @Test(
        arguments: [
            (1.5, .notWhole), (1e30, .outOfRange), ("abc", .unparsable(.integer)), ("", .unparsable(.integer)),
            ("1.5", .unparsable(.integer)), ("1e3", .unparsable(.integer)), ("5.", .unparsable(.integer)),
            ("0x10", .unparsable(.integer)), ("-", .unparsable(.integer)), ("1 2", .unparsable(.integer)),
            ("9223372036854775808", .outOfRange), ("-99999999999999999999", .outOfRange), (nil, .wrongType(.integer)),
            ([1], .wrongType(.integer)), ([:], .wrongType(.integer)),
        ] as [(JSONValue, Problem)])
    func notIntegers(_ value: JSONValue, _ problem: Problem) {
        #expect(outcome(Int.self, value, lax) == .failure(Refused(problem: problem)))
    }

    @Test(
        arguments: [
            (5, 5), (1.5, 1.5), ("1.5", 1.5), ("5", 5), (" -2e3 ", -2000), (true, 1), (false, 0), ("+.5", 0.5),
        ] as [(JSONValue, Double)])
    func numbers(_ value: JSONValue, _ expected: Double) {
        #expect(outcome(Double.self, value, lax) == .success(expected))
    }

    @Test(
        arguments: [
            ("abc", .unparsable(.number)), ("", .unparsable(.number)), ("nan", .unparsable(.number)),
            ("inf", .unparsable(.number)), ("1e999", .unparsable(.number)), ("0x1p3", .unparsable(.number)),
            ("1,5", .unparsable(.number)), (nil, .wrongType(.number)), ([], .wrongType(.number)),
        ] as [(JSONValue, Problem)])
    func notNumbers(_ value: JSONValue, _ problem: Problem) {
        #expect(outcome(Double.self, value, lax) == .failure(Refused(problem: problem)))
    }

    @Test(
        arguments: [
            (["true", "True", "TRUE", "t", "T", "yes", "YES", "y", "on", "On", "1", 1, 1.0, true], true),
            (["false", "False", "FALSE", "f", "F", "no", "NO", "n", "off", "Off", "0", 0, 0.0, false], false),
        ] as [([JSONValue], Bool)])
    func booleans(_ values: [JSONValue], _ expected: Bool) {
        for value in values { #expect(outcome(Bool.self, value, lax) == .success(expected), "\(value)") }
    }

    @Test(
        arguments: [
            ("maybe", .unparsable(.boolean)), ("", .unparsable(.boolean)), ("2", .unparsable(.boolean)),
            (2, .unparsable(.boolean)), (-1, .unparsable(.boolean)), (2.0, .unparsable(.boolean)),
            (0.5, .wrongType(.boolean)), (nil, .wrongType(.boolean)), ([], .wrongType(.boolean)),
        ] as [(JSONValue, Problem)])
    func notBooleans(_ value: JSONValue, _ problem: Problem) {
        #expect(outcome(Bool.self, value, lax) == .failure(Refused(problem: problem)))
    }

    @Test(arguments: [5, 1.5, true, nil, [], [:]] as [JSONValue])
    func neverTextFromAnythingElse(_ value: JSONValue) {
        #expect(outcome(String.self, value, lax) == .failure(Refused(problem: .wrongType(.string))))
        #expect(outcome(String.self, value, strict) == .failure(Refused(problem: .wrongType(.string))))
    }

    @Test func strictTakesNoneOfIt() {
        for value in ["5", 5.0, true] as [JSONValue] {
            #expect(outcome(Int.self, value, strict) == .failure(Refused(problem: .wrongType(.integer))))
        }
        for value in ["1.5", true] as [JSONValue] {
            #expect(outcome(Double.self, value, strict) == .failure(Refused(problem: .wrongType(.number))))
        }
        for value in ["true", 1, 1.0] as [JSONValue] {
            #expect(outcome(Bool.self, value, strict) == .failure(Refused(problem: .wrongType(.boolean))))
        }
        #expect(outcome(Double.self, 5, strict) == .success(5))
    }

    @Test func aScalarIsAnArrayOfOneWhenAsked() {
        let query = JSONDecoding(scalars: .lax, wrapsSingleValues: true)
        #expect(outcome([Int].self, "5", query) == .success([5]))
        #expect(outcome([String].self, "a", query) == .success(["a"]))
        #expect(outcome([String].self, ["a", "b"], query) == .success(["a", "b"]))
        #expect(outcome([Int].self, nil, query) == .failure(Refused(problem: .wrongType(.array))))
        #expect(outcome([Int].self, [:], query) == .failure(Refused(problem: .wrongType(.array))))
        #expect(outcome([Int].self, "5", lax) == .failure(Refused(problem: .wrongType(.array))))
        #expect(failing([Int].self, "x", query)?.path == [.index(0)])
    }
}
