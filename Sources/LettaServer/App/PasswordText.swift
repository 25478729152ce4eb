import FoundationEssentials

/// Reads passwords as editors and other systems write them.
package enum PasswordText {
    /// The first line of a file, without what no client can send: a byte order mark, the end of the line, blanks around it.
    ///
    /// - Throws: `StartUpFailure.invalidSetting`.
    package static func read(file: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw StartUpFailure.invalidSetting("The password file \(file) can't be read.")
        }
        return try password(in: Array(data), of: "The password file \(file)")
    }

    static func password(in bytes: [UInt8], of source: String) throws -> String {
        guard bytes.count <= 4_096 else {
            throw StartUpFailure.invalidSetting("\(source) has \(bytes.count) bytes; a password has up to 4096.")
        }
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]),
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw StartUpFailure.invalidSetting("\(source) is not UTF-8. Write the password again as plain text.")
        }
        let scalars = text.unicodeScalars.drop { $0 == "\u{FEFF}" }
        var password = scalars.drop { $0.properties.isWhitespace }.prefix { $0 != "\n" && $0 != "\r" }
        while let last = password.last, last.properties.isWhitespace { password.removeLast() }
        guard !password.isEmpty else { throw StartUpFailure.invalidSetting("\(source) is empty.") }
        guard !password.contains(where: { $0.properties.generalCategory == .control }) else {
            throw StartUpFailure.invalidSetting(
                "\(source) holds a control character, which no client can send. Use printable characters.")
        }
        return String(password)
    }
}
