import JSON
import LettaAPI

extension SecretBox {
    /// The value of a tool's environment variable.
    ///
    /// - Throws: `APIError` 500 that names the variable.
    func open(_ sealed: String, for place: String, variable name: String) throws -> String {
        do {
            return try open(sealed, for: place)
        } catch {
            throw APIError(
                status: 500,
                body: .detail(
                    "The environment variable '\(name)' can't be decrypted. Set its value again, or delete it."),
                underlying: error)
        }
    }
}

/// Validates names of environment variables: a process can't be given others.
enum EnvironmentName {
    /// - Throws: `APIError` 422 that names the field.
    static func check(_ field: String, _ names: some Sequence<String>) throws {
        for name in names {
            guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0 == "=" || $0 == "\0" }) else {
                throw APIError.invalidField(
                    field, "the name of an environment variable can't be empty and can't have '=' or NUL",
                    input: .string(name))
            }
            try KeyText.check(field, name)
        }
    }
}
