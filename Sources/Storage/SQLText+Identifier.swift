extension SQLText {
    /// A name made by the program, such as a column's: lowercase ASCII letters, digits and underscores.
    package init(identifier name: String) {
        precondition(
            !name.isEmpty
                && name.utf8.allSatisfy { byte in
                    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
                },
            "\(name) is not an identifier")
        self.init(stringLiteral: name)
    }
}
