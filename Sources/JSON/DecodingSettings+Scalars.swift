/// Hands a value on as the type it is known to have, where the compiler cannot see it.
@inline(__always)
private func same<From, To>(_ value: From, as type: To.Type) -> To? {
    // The two types are equal, so the bits are too.
    From.self == To.self ? unsafeBitCast(value, to: To.self) : nil
}

extension DecodingSettings {
    /// Decodes the types that need no decoder; nil for all others.
    @inline(__always)
    func scalar<T>(_ type: T.Type, from value: JSONValue) throws(JSONDecodingFailure) -> T? {
        if T.self == String.self { return same(try string(value), as: type) }
        if T.self == Int.self { return same(try integer(Int.self, value), as: type) }
        if T.self == Bool.self { return same(try boolean(value), as: type) }
        if T.self == Double.self { return same(try number(value), as: type) }
        if T.self == JSONValue.self { return same(value, as: type) }
        if T.self == Int64.self { return same(try integer(Int64.self, value), as: type) }
        return try rareScalar(type, from: value)
    }

    private func rareScalar<T>(_ type: T.Type, from value: JSONValue) throws(JSONDecodingFailure) -> T? {
        if T.self == Float.self { return same(Float(try number(value)), as: type) }
        if T.self == Int32.self { return same(try integer(Int32.self, value), as: type) }
        if T.self == Int16.self { return same(try integer(Int16.self, value), as: type) }
        if T.self == Int8.self { return same(try integer(Int8.self, value), as: type) }
        if T.self == UInt.self { return same(try integer(UInt.self, value), as: type) }
        if T.self == UInt64.self { return same(try integer(UInt64.self, value), as: type) }
        if T.self == UInt32.self { return same(try integer(UInt32.self, value), as: type) }
        if T.self == UInt16.self { return same(try integer(UInt16.self, value), as: type) }
        if T.self == UInt8.self { return same(try integer(UInt8.self, value), as: type) }
        return nil
    }

    private func failure(_ problem: JSONDecodingFailure.Problem, _ value: JSONValue) -> JSONDecodingFailure {
        JSONDecodingFailure(problem: problem, input: value)
    }

    private func string(_ value: JSONValue) throws(JSONDecodingFailure) -> String {
        guard case .string(let string) = value else { throw failure(.wrongType(.string), value) }
        return string
    }

    private func boolean(_ value: JSONValue) throws(JSONDecodingFailure) -> Bool {
        switch value {
        case .bool(let bool):
            return bool
        case .int(let int) where scalars == .lax:
            if int == 0 || int == 1 { return int == 1 }
        case .double(let double) where scalars == .lax && Self.whole(double) != nil:
            if double == 0 || double == 1 { return double == 1 }
        case .string(let string) where scalars == .lax:
            switch string.lowercased() {
            case "true", "t", "yes", "y", "on", "1": return true
            case "false", "f", "no", "n", "off", "0": return false
            default: break
            }
        default:
            throw failure(.wrongType(.boolean), value)
        }
        throw failure(.unparsable(.boolean), value)
    }

    private func number(_ value: JSONValue) throws(JSONDecodingFailure) -> Double {
        switch value {
        case .double(let double):
            return double
        case .int(let int):
            return Double(int)
        case .bool(let bool) where scalars == .lax:
            return bool ? 1 : 0
        case .string(let string) where scalars == .lax:
            guard let double = Self.number(string) else { throw failure(.unparsable(.number), value) }
            return double
        default:
            throw failure(.wrongType(.number), value)
        }
    }

    private func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type, _ value: JSONValue
    ) throws(JSONDecodingFailure) -> Integer {
        switch value {
        case .int(let int):
            guard let integer = Integer(exactly: int) else { throw failure(.outOfRange, value) }
            return integer
        case .double(let double):
            return try integer(type, double, value)
        case .bool(let bool) where scalars == .lax:
            return bool ? 1 : 0
        case .string(let string) where scalars == .lax:
            return try integer(type, Self.trimmed(string), value)
        default:
            throw failure(.wrongType(.integer), value)
        }
    }

    private func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type, _ double: Double, _ value: JSONValue
    ) throws(JSONDecodingFailure) -> Integer {
        // From 2^52 on a double has no bits left for a fraction.
        guard double.magnitude >= 0x1p52 || Self.whole(double) != nil else { throw failure(.notWhole, value) }
        guard let wide = Self.whole(double), let integer = Integer(exactly: wide) else {
            throw failure(.outOfRange, value)
        }
        guard scalars == .lax else { throw failure(.wrongType(.integer), value) }
        return integer
    }

    /// The integer equal to `double`. (`Int64(exactly:)` calls the C math library, which this target does without.)
    private static func whole(_ double: Double) -> Int64? {
        guard double >= -0x1p63, double < 0x1p63 else { return nil }
        let integer = Int64(double)
        return Double(integer) == double ? integer : nil
    }

    /// Reads decimal digits, with a sign and a fraction of zeros if need be.
    private func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type, _ text: String, _ value: JSONValue
    ) throws(JSONDecodingFailure) -> Integer {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.dropFirst().first ?? "0"
        guard let whole = parts.first, !fraction.isEmpty, fraction.utf8.allSatisfy({ $0 == Byte.zero }) else {
            throw failure(.unparsable(.integer), value)
        }
        if let integer = Integer(whole) { return integer }
        let digits = whole.hasPrefix("-") || whole.hasPrefix("+") ? whole.dropFirst() : whole
        let isDecimal = !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        throw failure(isDecimal ? .outOfRange : .unparsable(.integer), value)
    }

    /// Reads a decimal number; the names of what is not a number, and hexadecimal, are not taken.
    private static func number(_ text: String) -> Double? {
        let trimmed = trimmed(text)
        let isDecimal = trimmed.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
        guard isDecimal, let double = Double(trimmed), double.isFinite else { return nil }
        return double
    }

    private static func trimmed(_ text: String) -> String {
        guard text.first?.isWhitespace == true || text.last?.isWhitespace == true else { return text }
        var rest = text.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
