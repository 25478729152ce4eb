import JSON
import LettaAPI

/// Secrets are encrypted in the database; answers show a mask, which in a change stands for the stored value.
extension AgentService {
    /// The secrets an agent has after a client sent `values`, in order of their names.
    ///
    /// One that is left out is removed. One whose value is the mask or equals the stored one is unchanged.
    ///
    /// - Throws: `APIError` 422 naming the secret for a mask without a stored value.
    func sealed(
        _ values: [String: String], replacing stored: [SealedSecret], of agent: ID<AgentState>, at time: Timestamp
    ) throws -> [SealedSecret] {
        try values.sorted { $0.key < $1.key }.map { name, value in
            let old = stored.first { $0.name == name }
            guard value != SealedSecret.mask else {
                if let old { return old }
                throw APIError.invalidField(
                    "secrets",
                    "'\(value)' keeps a stored secret, but the agent has no secret named '\(name)'. Send its value.",
                    input: .string(name))
            }
            let place = SealedSecret.place(of: name, agent: agent)
            // One that does not open can't be compared, and is replaced.
            if let old, (try? secrets.open(old.sealedValue, for: place)) == value { return old }
            return SealedSecret(
                id: old?.id ?? core.ids.next(), name: name, sealedValue: try secrets.seal(value, for: place),
                description: old?.description, createdAt: old?.createdAt ?? time, updatedAt: time)
        }
    }
}
