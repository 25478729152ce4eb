// MARK: Strings

extension DocumentReader {
    /// Reads the string at `position`, and a mark for it: one bit that equal keys have in common.
    mutating func string() throws(JSONSyntaxError) -> (text: String, mark: UInt64) {
        let open = position
        position = endOfPlainText(bytes, from: open &+ 1, to: count)
        guard position < count else { throw error("Unterminated string starting at", at: open) }
        guard bytes[position] == Byte.quote else {
            // An escaped key may equal a plain one: it carries all marks and is always compared.
            return (try escapedString(open: open), .max)
        }
        let plain = UnsafeBufferPointer(start: bytes + open + 1, count: position &- open &- 1)
        position &+= 1
        return (try text(plain, from: open), Self.mark(of: plain))
    }

    @inline(__always)
    private static func mark(of text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let count = text.count
        guard count > 0 else { return 1 }
        let sum = count &* 7 &+ Int(text[0]) &* 31 &+ Int(text[count / 2]) &* 17 &+ Int(text[count &- 1]) &* 13
        return 1 << UInt64(truncatingIfNeeded: sum & 63)
    }

    /// Goes on where the first backslash or control character stands.
    private mutating func escapedString(open: Int) throws(JSONSyntaxError) -> String {
        scratch.removeAll(keepingCapacity: true)
        var copied = open + 1
        while true {
            guard position < count else { throw error("Unterminated string starting at", at: open) }
            scratch.append(contentsOf: UnsafeBufferPointer(start: bytes + copied, count: position - copied))
            switch bytes[position] {
            case Byte.quote:
                if let bad = invalidUTF8(UnsafeBufferPointer(start: bytes + open, count: position - open)) {
                    throw error("Invalid UTF-8", at: open + bad)
                }
                position += 1
                return String(decoding: scratch, as: UTF8.self)
            case Byte.backslash:
                try escape(open: open)
            default:
                throw error("Invalid control character at")
            }
            copied = position
            position = endOfPlainText(bytes, from: position, to: count)
        }
    }

    private mutating func escape(open: Int) throws(JSONSyntaxError) {
        guard position + 1 < count else { throw error("Unterminated string starting at", at: open) }
        let letter = bytes[position + 1]
        switch letter {
        case Byte.quote, Byte.backslash, 0x2F: scratch.append(letter)
        case 0x62: scratch.append(0x08)
        case 0x66: scratch.append(0x0C)
        case 0x6E: scratch.append(Byte.newline)
        case 0x72: scratch.append(Byte.carriageReturn)
        case 0x74: scratch.append(Byte.tab)
        case 0x75: return try unicodeEscape()
        default: throw error("Invalid \\escape")
        }
        position += 2
    }

    private mutating func unicodeEscape() throws(JSONSyntaxError) {
        let first = position
        var code = UInt32(try hexadecimal(at: position + 2))
        position += 6
        let isEscapeNext = position + 1 < count && bytes[position] == Byte.backslash && bytes[position + 1] == 0x75
        if isEscapeNext, 0xD800..<0xDC00 ~= code {
            let low = UInt32(try hexadecimal(at: position + 2))
            if 0xDC00..<0xE000 ~= low {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                position += 6
            }
        }
        if code == 0, options.contains(.removeNUL) { return }
        if let scalar = Unicode.Scalar(code) {
            scratch.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else if options.contains(.replaceLoneSurrogates) {
            scratch.append(contentsOf: [0xEF, 0xBF, 0xBD])
        } else {
            throw error("Lone surrogate in \\uXXXX escape", at: first)
        }
    }

    private func hexadecimal(at start: Int) throws(JSONSyntaxError) -> UInt16 {
        guard start + 4 <= count else { throw error("Invalid \\uXXXX escape", at: start - 1) }
        var code: UInt16 = 0
        for place in start..<start + 4 {
            let byte = bytes[place]
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x37
            case 0x61...0x66: digit = byte - 0x57
            default: throw error("Invalid \\uXXXX escape", at: start - 1)
            }
            code = code << 4 | UInt16(digit)
        }
        return code
    }

    /// Makes a string of the bytes that follow the quote at `open`.
    @inline(__always)
    private func text(_ plain: UnsafeBufferPointer<UInt8>, from open: Int) throws(JSONSyntaxError) -> String {
        if let bad = invalidUTF8(plain) { throw error("Invalid UTF-8", at: open + 1 + bad) }
        return String(decoding: plain, as: UTF8.self)
    }
}

// MARK: Numbers

extension DocumentReader {
    /// Powers of ten that a `Double` holds exactly.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// Reads the longest number at `position`.
    mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let first = position
        var place = first
        let isNegative = bytes[place] == Byte.minus
        if isNegative { place &+= 1 }
        guard isDigit(place) else { throw error("Expecting value") }
        // Wraps around above 19 digits; then it is not used.
        var mantissa: UInt64 = 0
        let firstDigit = place
        if bytes[place] == Byte.zero {
            place &+= 1
        } else {
            skipDigits(&place, into: &mantissa)
        }
        var digits = place &- firstDigit
        var isWhole = true
        var exponent = 0
        if place < count, bytes[place] == Byte.point, isDigit(place &+ 1) {
            isWhole = false
            place &+= 1
            let firstDecimal = place
            skipDigits(&place, into: &mantissa)
            exponent = firstDecimal &- place
            digits &+= place &- firstDecimal
        }
        if let power = exponentPart(&place) {
            isWhole = false
            exponent &+= power
        }
        position = place
        if isWhole, let int = wholeNumber(mantissa, digits: digits, isNegative: isNegative) { return .int(int) }
        if digits <= 19, mantissa <= 1 << 53, -22...22 ~= exponent {
            // Both sides are exact, so the one rounding of the operation is the right one.
            let power = Self.powersOfTen[abs(exponent)]
            let double = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
            return .double(isNegative ? -double : double)
        }
        let text = String(decoding: UnsafeBufferPointer(start: bytes + first, count: place - first), as: UTF8.self)
        guard let double = Double(text), double.isFinite else { throw error("Number out of range", at: first) }
        return .double(double)
    }

    @inline(__always)
    private func isDigit(_ place: Int) -> Bool {
        place < count && bytes[place] &- Byte.zero < 10
    }

    @inline(__always)
    private func skipDigits(_ place: inout Int, into mantissa: inout UInt64) {
        while place < count {
            let digit = bytes[place] &- Byte.zero
            guard digit < 10 else { return }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            place &+= 1
        }
    }

    /// The number after an `e`, held within what can matter; nil (and nothing skipped) when none follows.
    @inline(__always)
    private func exponentPart(_ place: inout Int) -> Int? {
        guard place < count, bytes[place] | 0x20 == 0x65 else { return nil }
        var next = place &+ 1
        var isNegative = false
        if next < count, bytes[next] == Byte.minus || bytes[next] == Byte.plus {
            isNegative = bytes[next] == Byte.minus
            next &+= 1
        }
        guard isDigit(next) else { return nil }
        var power = 0
        while isDigit(next) {
            power = min(power &* 10 &+ Int(bytes[next] &- Byte.zero), 100_000)
            next &+= 1
        }
        place = next
        return isNegative ? -power : power
    }

    private func wholeNumber(_ magnitude: UInt64, digits: Int, isNegative: Bool) -> Int64? {
        // Nineteen digits always fit a UInt64.
        guard digits <= 19 else { return nil }
        if !isNegative { return Int64(exactly: magnitude) }
        if magnitude == Int64.min.magnitude { return .min }
        return Int64(exactly: magnitude).map { -$0 }
    }
}
