import JSON
import LettaAPI
import Logging

extension SecretBox {
    /// The encrypted form of a secret that may be absent, after a change. The mask keeps it, and so does null, which
    /// some responses show in its place. An empty text removes it.
    ///
    /// - Throws: `APIError` 422 that names the field, for a mask without a stored value.
    func seal(
        _ change: Patch<String>, for place: String, keeping stored: String?, field: String, path: [String] = []
    ) throws -> String? {
        switch change {
        case .keep, .clear: stored
        case .set(""): nil
        case .set(let value): try seal(value, for: place, keeping: stored, field: field, path: path)
        }
    }

    /// The encrypted form of a value that a client sent. The mask, and a value that equals the stored one, keep
    /// `stored`, so that sending back what was read changes nothing.
    ///
    /// - Throws: `APIError` 422 that names the field, for a mask without a stored value.
    func seal(
        _ value: String, for place: String, keeping stored: String?, field: String, path: [String] = []
    ) throws -> String {
        guard value != SealedSecret.mask else {
            if let stored { return stored }
            throw APIError.invalidField(
                field, "'\(value)' keeps a stored value, but none is stored. Send the value.", input: .string(value),
                path: path)
        }
        // A value that can't be decrypted can't be compared either, and is replaced.
        if let stored, (try? open(stored, for: place)) == value { return stored }
        return try seal(value, for: place)
    }

    /// The value encrypted with the newest key. One that no key decrypts stays as it is: the key may come back, and one
    /// such row must not keep the server from starting.
    func sealAnew(_ sealed: String, for place: String, _ logger: Logger) throws -> String {
        let value: String
        do {
            value = try open(sealed, for: place)
        } catch {
            logger.error(
                "A secret can't be decrypted with any key and stays as it is",
                metadata: ["secret": "\(place)", "error": "\(error)"])
            return sealed
        }
        return try seal(value, for: place)
    }
}

extension Patch<String> {
    /// Whether a secret stays as it is.
    var keepsSecret: Bool { value == nil || value == SealedSecret.mask }
}
