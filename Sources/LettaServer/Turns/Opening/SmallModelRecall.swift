import AgentEngine
import LettaAPI
import Logging
import Storage

/// Searches for what a small model may need to answer its user: such a model does not search by itself.
struct SmallModelRecall: Sendable {
    let core: Core
    let archival: ArchivalMemoryService
    let meaning: MessageMeaning

    private static let mostPassages = 5
    private static let mostMessages = 5
    /// Longer texts are cut, in characters: the model's window is small.
    private static let longest = 400

    /// What archival memory and the conversation have on what the user says, without the messages of the turn itself.
    ///
    /// Without results where a search fails: the turn goes on.
    func texts(for state: TurnState) async -> RecalledTexts {
        let query = state.context.userText
        var found = RecalledTexts()
        guard query.contains(where: \.isLetter), query.utf8.count <= KeyText.longest else { return found }
        do {
            let agent = state.agent.id
            found.passages = try await archival.find(
                query, matching: PassageFilter(), limit: Self.mostPassages, of: agent, as: state.scope
            ).map { String($0.text.prefix(Self.longest)) }
            found.messages = try await messages(on: query, state)
        } catch {
            core.logger.warning(
                "The memory could not be searched for a small model",
                metadata: ["run.id": "\(state.run.id)", "error": "\(error)"])
        }
        return found
    }

    /// The oldest first.
    private func messages(on query: String, _ state: TurnState) async throws -> [String] {
        var filter = MessageFilter()
        filter.agent = state.agent.id
        filter.roles = [.user]
        filter.conversation = state.memory.conversation?.rawValue
        let search = MessageSearch(
            query: query, filter: filter, limit: Self.mostMessages, now: core.now(), zone: state.context.zone)
        let rows = try await meaning.find(search, as: state.scope).map(\.row)
        let earlier = rows.filter { $0.runID != state.run.id }
            .sorted { ($0.createdAt, $0.id.rawValue) < ($1.createdAt, $1.id.rawValue) }
        return try earlier.compactMap { row in
            try row.turnMessage().said.map { String($0.prefix(Self.longest)) }
        }
    }
}
