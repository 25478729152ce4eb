import JSON
import LettaAPI
import Storage

/// Finds things of an organization, whatever they are, as somebody types.
struct FinderService: Sendable {
    let core: Core

    /// - Parameter mayAdminister: whether the caller may know of MCP servers.
    /// - Throws: `APIError` 422 for no text, and for one that is too long.
    func find(_ text: String, mayAdminister: Bool, as scope: Scope) async throws -> [FoundThing] {
        try KeyText.check("query", text, in: "query")
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw APIError.invalidField("query", "must have a character to look for", input: .string(text), in: "query")
        }
        return try await core.storage.read(as: scope) { db in
            try FinderStore.find(text, withServers: mayAdminister, db)
        }
    }
}
