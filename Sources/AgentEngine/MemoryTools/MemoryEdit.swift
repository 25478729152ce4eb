/// One change of an agent's memory, to be written in the step's transaction.
package enum MemoryEdit: Sendable, Hashable {
    case setValue(label: String, value: String)
    case create(MemoryBlock)
    case delete(label: String)
    case rename(label: String, to: String)
    case describe(label: String, description: String)
}

/// An agent's blocks while tools edit them, with the list of edits.
///
/// Each edit is validated first; one that throws changes nothing.
package struct MemoryDraft: Sendable, Hashable {
    package private(set) var blocks: [MemoryBlock]
    package private(set) var edits: [MemoryEdit] = []

    package init(_ blocks: [MemoryBlock]) {
        self.blocks = blocks
    }

    package func block(_ label: String) throws(ToolFailure) -> MemoryBlock {
        guard let block = blocks.first(where: { $0.label == label }) else {
            let labels = blocks.map(\.label).joined(separator: ", ")
            // In quotes, as Python prints a missing key.
            throw ToolFailure(
                .keyError, "'Block field \(label) does not exist (available sections = \(labels))'")
        }
        return block
    }

    package func editableBlock(_ label: String) throws(ToolFailure) -> MemoryBlock {
        let block = try block(label)
        guard !block.readOnly else { throw .value("Error This block is read-only and cannot be edited.") }
        return block
    }

    mutating func setValue(_ value: String, of label: String) throws(ToolFailure) {
        var block = try editableBlock(label)
        block.value = value
        try Self.checkLimit(of: block)
        replace(label, with: block, .setValue(label: label, value: value))
    }

    mutating func create(_ block: MemoryBlock) throws(ToolFailure) {
        try checkNew(block.label)
        try Self.checkLimit(of: block)
        blocks.append(block)
        edits.append(.create(block))
    }

    mutating func delete(_ label: String) throws(ToolFailure) {
        _ = try editableBlock(label)
        blocks.removeAll { $0.label == label }
        edits.append(.delete(label: label))
    }

    mutating func rename(_ label: String, to newLabel: String) throws(ToolFailure) {
        var block = try editableBlock(label)
        guard newLabel != label else { return }
        try checkNew(newLabel)
        block.label = newLabel
        replace(label, with: block, .rename(label: label, to: newLabel))
    }

    mutating func describe(_ label: String, as description: String) throws(ToolFailure) {
        var block = try editableBlock(label)
        block.description = description
        replace(label, with: block, .describe(label: label, description: description))
    }

    private mutating func replace(_ label: String, with block: MemoryBlock, _ edit: MemoryEdit) {
        guard let place = blocks.firstIndex(where: { $0.label == label }) else { return }
        blocks[place] = block
        edits.append(edit)
    }

    private func checkNew(_ label: String) throws(ToolFailure) {
        guard !label.isEmpty else { throw .value("A memory block needs a label.") }
        guard !blocks.contains(where: { $0.label == label }) else {
            throw .value("Memory block '\(label)' already exists.")
        }
    }

    /// Characters are Unicode scalars, which is how clients in Python count.
    private static func checkLimit(of block: MemoryBlock) throws(ToolFailure) {
        let length = block.value.unicodeScalars.count
        guard length > block.limit else { return }
        throw .value(
            "Memory block '\(block.label)' holds at most \(block.limit) characters; with this edit it would have "
                + "\(length). Nothing was changed. Shorten the text, or remove something first.")
    }
}
