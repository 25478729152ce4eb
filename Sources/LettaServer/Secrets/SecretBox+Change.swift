import JSON
import LettaAPI

extension SecretBox {
    /// The encrypted form of a value that a client sent. The mask, and a value that equals the stored one, keep
    /// `stored`, so that sending back what was read changes nothing.
    ///
    /// - Throws: `APIError` 422 that names the field, for a mask without a stored value.
    func seal(_ value: String, for place: String, keeping stored: String?, field: String) throws -> String {
        guard value != SealedSecret.mask else {
            if let stored { return stored }
            throw APIError.invalidField(
                field, "'\(value)' keeps a stored value, but none is stored. Send the value.", input: .string(value))
        }
        // A value that can't be decrypted can't be compared either, and is replaced.
        if let stored, (try? open(stored, for: place)) == value { return stored }
        return try seal(value, for: place)
    }

    /// The value encrypted with the newest key.
    func sealAnew(_ sealed: String, for place: String) throws -> String {
        try seal(try open(sealed, for: place), for: place)
    }
}
