import AgentEngine
import JSON
import LettaAPI
import Storage

/// Writes the edits of memory tools inside the transaction of their step.
struct MemoryEditWriter: Sendable {
    private let memory: TurnMemory
    private let calls: [MemoryCall]
    private let ids: IDSource
    private let time: Timestamp
    private let current: [BlockRow]

    /// Locks the blocks in sight until the transaction ends. Must come before the agent's own row is locked: the lock order
    /// is blocks, agents, archives.
    init(of memory: TurnMemory, calls: [MemoryCall], ids: IDSource, time: Timestamp, _ db: Transaction) throws {
        self.memory = memory
        self.calls = calls
        self.ids = ids
        self.time = time
        guard !calls.isEmpty else {
            current = []
            return
        }
        let attached = try memory.blocks(db).map(\.id)
        let locked = try BlockStore.rowsForUpdate(attached, db)
        current = attached.compactMap { locked[$0] }
    }

    /// Runs the calls again on the blocks as they are now and writes the edits.
    ///
    /// When a block was changed meanwhile, or an edit can't be written, replaces the results of the calls in `results`.
    func apply(readAs read: [BlockRow], results: inout [TurnMessage], _ db: Transaction) throws {
        for (callID, outcome) in try apply(readAs: read, db) { Self.replace(callID, with: outcome, in: &results) }
    }

    /// - Returns: the results that replace those of the calls, by the calls' ids.
    func apply(readAs read: [BlockRow], _ db: Transaction) throws -> [String: ToolOutcome] {
        var replaced: [String: ToolOutcome] = [:]
        let isUnchanged = current.map(\.id) == read.map(\.id) && current.map(\.version) == read.map(\.version)
        var blocks = current.map(\.memoryBlock)
        for call in calls {
            guard let result = call.run(on: blocks) else { continue }
            do {
                for edit in result.edits { try check(edit, db) }
                for edit in result.edits { try write(edit, db) }
                blocks = result.blocks
                // What a user's tool returned does not depend on the blocks as they are now.
                if !isUnchanged, call.values == nil || !result.outcome.succeeded {
                    replaced[call.call.callID] = result.outcome
                }
            } catch let error as APIError {
                // Thrown before anything was written, so the transaction can continue.
                let failure = ToolFailure.value(error.explanation)
                replaced[call.call.callID] = ToolOutcome(failure, of: call.call.tool)
            }
        }
        return replaced
    }

    /// Throws what ``write(_:_:)`` would throw, so that a call with several edits is written whole or not at all.
    private func check(_ edit: MemoryEdit, _ db: Transaction) throws {
        switch edit {
        case .rename(let label, let newLabel):
            try KeyText.check("label", newLabel)
            guard let id = try memory.block(labelled: label, db) else { return }
            try BlockService.checkLabelIsFree(newLabel, of: id, db)
        case .create(let block): try KeyText.check("label", block.label)
        case .delete(let label): try memory.checkDeletion(of: label, db)
        case .setValue, .describe: break
        }
    }

    private func write(_ edit: MemoryEdit, _ db: Transaction) throws {
        var change = UpdateBlock()
        let label: String
        switch edit {
        case .setValue(let edited, let value):
            label = edited
            change.value = .set(BlockValue(value))
        case .rename(let edited, let newLabel):
            label = edited
            change.label = .set(newLabel)
        case .describe(let edited, let description):
            label = edited
            change.description = .set(description)
        case .create(let block):
            return try create(block, db)
        case .delete(let deleted):
            return try delete(deleted, db)
        }
        guard let id = try memory.block(labelled: label, db) else { return }
        _ = try BlockService.update(id, applying: change, by: .agent(memory.agent), at: time, db)
    }

    private func create(_ block: MemoryBlock, _ db: Transaction) throws {
        var body = CreateBlock(label: block.label, value: block.value, limit: block.limit)
        body.description = block.description
        body.readOnly = block.readOnly
        let row = try BlockService.block(from: body, id: ids.next(), at: time, in: db.scope)
        try BlockStore.insert(row, tags: [], db)
        try memory.attach(row, db)
    }

    /// Detaches the block, and deletes it when no other agent and no identity has it.
    private func delete(_ label: String, _ db: Transaction) throws {
        guard let id = try memory.block(labelled: label, db), let block = try BlockStore.rowForUpdate(id, db)
        else { return }
        try memory.detach(id, db)
        if try AgentBlockStore.agents(with: id, db).isEmpty, try !IdentityStore.isHeld(id, db) {
            try BlockStore.delete(block, db)
        }
    }

    private static func replace(_ callID: String, with outcome: ToolOutcome, in messages: inout [TurnMessage]) {
        for message in messages.indices {
            for part in messages[message].parts.indices {
                guard case .toolReturn(let result) = messages[message].parts[part], result.callID == callID else {
                    continue
                }
                messages[message].parts[part] = .toolReturn(
                    .init(
                        callID: callID, result: outcome.result, succeeded: outcome.succeeded,
                        stdout: outcome.stdout, stderr: outcome.stderr))
            }
        }
    }
}
