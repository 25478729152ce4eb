/// What a form consists of, as it arrives.
package enum MultipartEvent: Sendable, Equatable {
    case part(MultipartPart)
    /// The next bytes of the part.
    case bytes([UInt8])
    /// The end of the part.
    case end
}

/// The header of a part of a form.
package struct MultipartPart: Sendable, Equatable {
    package var name = ""
    /// Nil for a part that is no file.
    package var fileName: String?
    package var contentType: String?

    package init() {}
}
