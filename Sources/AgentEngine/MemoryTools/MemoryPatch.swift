/// A patch for memory blocks: either hunks for one block, or sections between `*** Begin Patch` and `*** End Patch`.
struct MemoryPatch {
    /// Adjacent lines to find, and their replacement.
    struct Hunk: Equatable {
        var old: [String] = []
        var new: [String] = []

        var isEmpty: Bool { old.isEmpty && new.isEmpty }
    }

    enum Section: Equatable {
        case add(label: String, text: String)
        case update(label: String, newLabel: String?, hunks: [Hunk])
        case delete(label: String)
    }

    var sections: [Section] = []

    /// - Parameter label: the block of a patch without sections.
    init(_ text: String, label: String) throws(ToolFailure) {
        var lines = BlockText.lines(of: text)[...]
        // A text that ends with a line feed has no line after it.
        if lines.last?.isEmpty == true { lines = lines.dropLast() }
        guard let start = lines.firstIndex(where: { $0.trimmingSpaces == "*** Begin Patch" }) else {
            try append(.update(label: label, newLabel: nil, hunks: try Self.hunks(lines)))
            return
        }
        lines = lines[(start + 1)...]
        while let header = lines.popFirst(), header.trimmingSpaces != "*** End Patch" {
            let body = lines.prefix { !Self.isHeader($0) }
            lines = lines.dropFirst(body.count)
            try addSection(header, body: body, &lines)
        }
        guard !sections.isEmpty else { throw Self.failure("it holds no changes.") }
    }

    private static let moveMark = "*** Move to:"

    private static func isHeader(_ line: String) -> Bool { line.hasPrefix("*** ") }

    private mutating func addSection(
        _ header: String, body: ArraySlice<String>, _ rest: inout ArraySlice<String>
    ) throws(ToolFailure) {
        if let label = Self.argument(of: header, "*** Add Block:") {
            let text = body.map { $0.hasPrefix("+") ? String($0.dropFirst()) : $0 }
            sections.append(.add(label: label, text: text.joined(separator: "\n")))
        } else if let label = Self.argument(of: header, "*** Delete Block:") {
            sections.append(.delete(label: label))
        } else if let label = Self.argument(of: header, "*** Update Block:") {
            var body = body
            var newLabel: String?
            if let move = rest.first, let target = Self.argument(of: move, Self.moveMark) {
                newLabel = target
                let more = rest.dropFirst().prefix { !Self.isHeader($0) }
                rest = rest.dropFirst(1 + more.count)
                body = (Array(body) + more)[...]
            }
            try append(.update(label: label, newLabel: newLabel, hunks: try Self.hunks(body)))
        } else {
            throw Self.failure("unknown line '\(header)'.")
        }
    }

    private mutating func append(_ section: Section) throws(ToolFailure) {
        if case .update(_, nil, let hunks) = section, hunks.isEmpty { throw Self.failure("it holds no changes.") }
        sections.append(section)
    }

    private static func argument(of line: String, _ mark: String) -> String? {
        line.hasPrefix(mark) ? line.dropFirst(mark.count).trimmingSpaces : nil
    }

    private static func hunks(_ lines: ArraySlice<String>) throws(ToolFailure) -> [Hunk] {
        var hunks: [Hunk] = []
        var hunk = Hunk()
        for line in lines {
            // A scalar, not a character: a combining mark may follow.
            let rest = String(line.unicodeScalars.dropFirst())
            switch line.unicodeScalars.first {
            case "@" where line.hasPrefix("@@"):
                if !hunk.isEmpty { hunks.append(hunk) }
                hunk = Hunk()
            case "+":
                // The headers of a unified diff name files and hold no lines.
                if hunk.isEmpty && hunks.isEmpty && line.hasPrefix("+++ ") { continue }
                hunk.new.append(rest)
            case "-":
                if hunk.isEmpty && hunks.isEmpty && line.hasPrefix("--- ") { continue }
                hunk.old.append(rest)
            case " ":
                hunk.old.append(rest)
                hunk.new.append(rest)
            case nil:
                hunk.old.append("")
                hunk.new.append("")
            default:
                throw failure("line '\(line)' begins with none of ' ', '-', '+', '@@'.")
            }
        }
        if !hunk.isEmpty { hunks.append(hunk) }
        return hunks
    }

    /// The value with the hunks applied, in order and each after the one before. Lines to add without context go to the
    /// end.
    static func apply(_ hunks: [Hunk], to value: String) throws(ToolFailure) -> String {
        var lines = value.isEmpty ? [] : BlockText.lines(of: value)
        var from = 0
        for hunk in hunks {
            guard let place = hunk.old.isEmpty ? lines.count : find(hunk.old, in: lines, from: from) else {
                throw failure(
                    "expected hunk context not found in the memory block. Verify the target lines exist and try "
                        + "providing more context. Expected start:\n"
                        + hunk.old.prefix(3).joined(separator: "\n"))
            }
            lines.replaceSubrange(place..<place + hunk.old.count, with: hunk.new)
            from = place + hunk.new.count
        }
        return lines.joined(separator: "\n")
    }

    private static func find(_ wanted: [String], in lines: [String], from: Int) -> Int? {
        guard wanted.count <= lines.count - from else { return nil }
        return (from...lines.count - wanted.count).first { place in
            zip(lines[place...], wanted).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
        }
    }

    private static func failure(_ text: String) -> ToolFailure { .value("Failed to apply patch: \(text)") }
}

extension MemoryTools {
    /// The tool `memory_apply_patch`: applies all of a patch or nothing.
    @Sendable static func applyPatch(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let label = try arguments.text("label")
        let patch = try MemoryPatch(try arguments.text("patch"), label: label)
        if patch.sections.count == 1, case .update(label, nil, let hunks) = patch.sections[0] {
            let value = try MemoryPatch.apply(hunks, to: try draft.editableBlock(label).value)
            try draft.setValue(value, of: label)
            return value
        }
        var done: [String] = []
        for section in patch.sections { done += try apply(section, &draft) }
        return "Successfully applied memory patch operations. Your system prompt has been recompiled with the updated "
            + "memory contents and is now active in your context.\n\nOperations completed:\n"
            + done.map { "- \($0)" }.joined(separator: "\n")
    }

    private static func apply(
        _ section: MemoryPatch.Section, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> [String] {
        switch section {
        case .add(let label, let text):
            try draft.create(MemoryBlock(label: label, description: "", value: text, limit: newBlockLimit))
            return ["Created memory block '\(label)'"]
        case .delete(let label):
            try draft.delete(label)
            return ["Deleted memory block '\(label)'"]
        case .update(let label, let newLabel, let hunks):
            var done: [String] = []
            if !hunks.isEmpty {
                try draft.setValue(
                    try MemoryPatch.apply(hunks, to: try draft.editableBlock(label).value), of: label)
                done.append("Updated memory block '\(label)'")
            }
            if let newLabel {
                try draft.rename(label, to: newLabel)
                done.append("Renamed memory block '\(label)' to '\(newLabel)'")
            }
            return done
        }
    }
}
