import JSON
import LettaAPI

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
