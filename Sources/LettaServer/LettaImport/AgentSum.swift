import Crypto
import JSON
import LettaAPI
import Storage

/// What an agent knows, as a checksum over its blocks, its messages and its context: for the report that proves an import.
struct AgentSum {
    private var hash = SHA256()
    private var messages = 0

    /// Blocks come in the order of their ids.
    mutating func addBlock(_ id: String, _ label: String, _ value: String) {
        add(["block", id, label, value])
    }

    /// Messages come in the order of their positions.
    mutating func add(_ message: MessageRow) {
        messages += 1
        add([
            "message", message.id.rawValue, message.role.rawValue, "\(message.createdAt.microseconds)",
            message.conversationID?.rawValue ?? "", message.content.text,
        ])
    }

    mutating func addContext(_ ids: [String]) { add(["context"] + ids) }

    /// Each part has its length before it, so that no two contents share a text.
    private mutating func add(_ parts: [String]) {
        for part in parts { hash.update(data: Array("\(part.utf8.count):\(part)".utf8)) }
    }

    var content: LettaImportReport.Agent.Content {
        let text = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return .init(messages: messages, checksum: text)
    }

    /// What is stored of an agent.
    static func stored(
        _ agent: ID<AgentState>, _ core: Core, _ scope: Scope
    ) async throws -> LettaImportReport.Agent.Content {
        var sum = AgentSum()
        let (blocks, context) = try await core.storage.read(as: scope) { db in
            (
                try AgentBlockStore.blocks(of: [agent], db)[agent] ?? [],
                try MessageStore.contextIDs(of: [agent], db)[agent] ?? []
            )
        }
        for block in blocks.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            sum.addBlock(block.id.rawValue, block.label, block.value)
        }
        var position = -1
        while true {
            let after = position
            let page = try await core.storage.read(as: scope) { db in
                try LettaImportStore.messages(of: agent, after: after, limit: 500, db)
            }
            guard let last = page.last else { break }
            position = last.position
            for message in page { sum.add(message) }
        }
        sum.addContext(context)
        return sum.content
    }
}
