import JSON
import LettaAPI

/// Secrets are encrypted in the database. Responses show a mask; in a change the mask stands for the stored value.
extension AgentService {
    /// The secrets of an agent after a client sent `values`, sorted by name.
    ///
    /// A secret that is left out is removed. One whose value is the mask or equals the stored value is unchanged.
    ///
    /// - Throws: `APIError` 422 that names the secret, for a mask without a stored value and for a name that no
    ///   environment variable can have.
    func sealed(
        _ values: [String: String], replacing stored: [SealedSecret], of agent: ID<AgentState>, at time: Timestamp
    ) throws -> [SealedSecret] {
        try EnvironmentName.check("secrets", values.keys.sorted())
        return try values.sorted { $0.key < $1.key }.map { name, value in
            let old = stored.first { $0.name == name }
            guard value != SealedSecret.mask else {
                if let old { return old }
                throw APIError.invalidField(
                    "secrets",
                    "'\(value)' keeps a stored secret, but the agent has no secret named '\(name)'. Send its value.",
                    input: .string(name))
            }
            let place = SealedSecret.place(of: name, agent: agent)
            // A value that can't be decrypted can't be compared either, and is replaced.
            if let old, (try? secrets.open(old.sealedValue, for: place)) == value { return old }
            return SealedSecret(
                id: old?.id ?? core.ids.next(), name: name, sealedValue: try secrets.seal(value, for: place),
                description: old?.description, createdAt: old?.createdAt ?? time, updatedAt: time)
        }
    }
}
