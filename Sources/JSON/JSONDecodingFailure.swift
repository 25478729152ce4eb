/// Says which part of a document did not fit the type it was decoded into, and why.
///
/// The only error of decoding. Errors of Swift's own `Decodable` types are translated into it.
public struct JSONDecodingFailure: Error, Sendable {
    public enum PathElement: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    public enum Expected: Sendable, Hashable {
        case string, integer, number, boolean, array, object, null
    }

    public enum Problem: Sendable, Hashable {
        /// The key is absent.
        case missing
        case wrongType(Expected)
        /// A value of a kind that could do, with a content that does not, such as `"abc"` for a whole number.
        case unparsable(Expected)
        /// A number with a fraction where a whole one is wanted.
        case notWhole
        case outOfRange
        /// Not one of the values listed.
        case enumeration([String])
        /// What a type says itself about the value.
        case invalid(String)
    }

    /// From the decoded document down to `input`; for `.missing` down to the absent key.
    public var path: [PathElement]
    public var problem: Problem
    /// The value at fault; for `.missing` the object that lacks the key.
    public var input: JSONValue

    public init(path: [PathElement] = [], problem: Problem, input: JSONValue) {
        self.path = path
        self.problem = problem
        self.input = input
    }
}

/// Thrown by a type's `init(from:)` to say in its own words what is wrong with the value.
/// Becomes `JSONDecodingFailure.Problem.invalid`.
public protocol JSONValidationFailure: Error {
    var message: String { get }
}

extension JSONDecodingFailure.PathElement: CustomStringConvertible {
    public var description: String {
        switch self {
        case .key(let key): key
        case .index(let index): String(index)
        }
    }
}

extension JSONDecodingFailure {
    /// The same failure, seen from an enclosing value.
    func under(_ path: [PathElement]) -> JSONDecodingFailure {
        guard !path.isEmpty else { return self }
        var failure = self
        failure.path = path + failure.path
        return failure
    }

    /// Makes a failure of whatever the `init(from:)` of `type` threw over `value`.
    init<Value>(_ error: any Error, decoding type: Value.Type, from value: JSONValue) {
        switch error {
        case let failure as JSONDecodingFailure:
            self = failure
        case let failure as any JSONValidationFailure:
            self.init(problem: .invalid(failure.message), input: value)
            return
        case let error as DecodingError:
            self.init(error, in: value)
        default:
            self.init(problem: .invalid(String(describing: error)), input: value)
        }
        if path.isEmpty, let listed = type as? any (CaseIterable & RawRepresentable).Type {
            problem = .enumeration(Self.rawValues(of: listed))
        }
    }

    private static func rawValues<Listed: CaseIterable & RawRepresentable>(of type: Listed.Type) -> [String] {
        type.allCases.map { String(describing: $0.rawValue) }
    }

    private init(_ error: DecodingError, in value: JSONValue) {
        let context: DecodingError.Context
        var absent: [PathElement] = []
        var problem = Problem.missing
        switch error {
        case .typeMismatch(let type, let at):
            (context, problem) = (at, .wrongType(Expected(of: type)))
        case .valueNotFound(let type, let at):
            (context, problem) = (at, .wrongType(Expected(of: type)))
        case .keyNotFound(let key, let at):
            (context, absent) = (at, [PathElement(key)])
        case .dataCorrupted(let at):
            (context, problem) = (at, .invalid(at.debugDescription))
        @unknown default:
            self.init(problem: .invalid(String(describing: error)), input: value)
            return
        }
        let path = context.codingPath.map(PathElement.init)
        self.init(path: path + absent, problem: problem, input: value.found(along: path))
    }
}

extension JSONDecodingFailure.PathElement {
    init(_ key: any CodingKey) {
        if let index = key.intValue { self = .index(index) } else { self = .key(key.wireName) }
    }
}

extension JSONDecodingFailure.Expected {
    /// What a Swift type is in JSON's terms.
    init(of type: any Any.Type) {
        switch type {
        case is Bool.Type: self = .boolean
        case is Double.Type, is Float.Type: self = .number
        case is any BinaryInteger.Type: self = .integer
        case is String.Type: self = .string
        case is any RangeReplaceableCollection.Type: self = .array
        default: self = .object
        }
    }
}

extension JSONValue {
    /// The value at the end of the path, or the last one on the way to it.
    fileprivate func found(along path: [JSONDecodingFailure.PathElement]) -> JSONValue {
        var value = self
        for element in path {
            switch element {
            case .key(let key):
                guard let next = value[key] else { return value }
                value = next
            case .index(let index):
                guard let next = value[index] else { return value }
                value = next
            }
        }
        return value
    }
}
