import AgentEngine
import JSON
import LettaAPI
import Storage
import ToolRuntime

/// Runs the tools with which an agent reads the files of its folders.
struct FileToolExecutor: ToolExecutor {
    static let open = "open_files"
    static let grep = "grep_files"
    static let search = "semantic_search_files"

    /// The matches that a call of `grep_files` shows.
    private static let matchesOfPage = 20
    private static let mostContextLines = 20
    /// The text that a call of `grep_files` searches, in bytes.
    private static let mostSearched = 64 << 20
    /// The lines of a passage that `semantic_search_files` shows.
    private static let linesOfPassage = 20
    private static let mostPassages = 50

    let core: Core
    let documents: DocumentReader

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(call.tool) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        let text =
            switch call.tool {
            case Self.open: try await open(given, in: context)
            case Self.grep: try await grep(given, in: context)
            default: try await search(given, in: context)
            }
        return ToolResult(ToolOutcome(.string(text)))
    }

    // MARK: Opening

    private struct Request: Sendable {
        let name: String
        let offset: Int
        let length: Int?
    }

    private func open(_ given: ToolArguments, in context: ToolContext) async throws -> String {
        let requests = try (given.value("file_requests")?.array ?? []).map(Self.request)
        guard !requests.isEmpty else { throw ToolFailure.value("No file requests provided") }
        let closesOthers = given.boolean("close_all_others") ?? false
        let time = core.now()
        return try await core.storage.write(as: context.scope) { db in
            guard let agent = try db.fetch(AgentStore.table, context.agent.id, locking: true) else {
                throw ToolFailure.value("The agent was deleted.")
            }
            let limits = agent.fileLimits
            guard requests.count <= limits.openFiles else {
                throw ToolFailure.value(
                    "Cannot open \(requests.count) files: exceeds configured maximum limit of \(limits.openFiles) files"
                )
            }
            let files = try AgentFileStore.files(of: [agent.id], texts: false, db)[agent.id] ?? []
            let rows = try requests.map { request in
                guard let file = files.first(where: { $0.fileName == request.name }) else {
                    throw Self.unknown(request.name, among: files)
                }
                return file
            }
            var lines: [String] = []
            for (request, file) in zip(requests, rows) {
                lines.append(try Self.open(file, request, of: agent.id, limits, at: time, db))
            }
            let opened = Set(rows.map(\.fileID))
            let others = try AgentFileStore.openFiles(of: agent.id, db).filter { !opened.contains($0.fileID) }
            let room = closesOthers ? 0 : limits.openFiles - opened.count
            let closed = Array(others.prefix(max(0, others.count - room)))
            try AgentFileStore.close(closed.map(\.id), at: time, db)
            try AgentFolderService.filesChanged(of: [agent.id], db)
            let names = try AgentFileStore.files(closed, db).map(\.fileName)
            if !names.isEmpty { lines.append("Closed to make room: \(names.joined(separator: ", "))") }
            return lines.joined(separator: "\n")
        }
    }

    private static func open(
        _ file: AgentFile, _ request: Request, of agent: ID<AgentState>, _ limits: FileLimits, at time: Timestamp,
        _ db: Transaction
    ) throws -> String {
        guard var row = try AgentFileStore.row(file.fileID, of: agent, db) else {
            throw ToolFailure.value("\(request.name) was deleted.")
        }
        let content = try FolderStore.contents(of: [file.fileID], db)[file.fileID] ?? ""
        let view = try FileView(
            of: content, offset: request.offset, length: request.length, limit: limits.charactersPerFile,
            named: request.name)
        row.isOpen = true
        row.visibleContent = view.text
        row.startLine = view.isWhole ? nil : view.lines.lowerBound + 1
        row.endLine = view.isWhole ? nil : view.lines.upperBound
        row.lastAccessedAt = max(time, row.lastAccessedAt)
        row.updatedAt = row.lastAccessedAt
        try db.update(row, in: AgentFileStore.table)
        let place = view.lines.isEmpty ? "empty" : "lines \(view.lines.lowerBound + 1)-\(view.lines.upperBound)"
        return "* Opened \(request.name) (\(place))"
    }

    private static func request(_ value: JSONValue) throws -> Request {
        let name = value["file_name"]?.string ?? ""
        let offset = value["offset"]?.int ?? 0
        guard offset >= 0 else {
            throw ToolFailure.value("Offset for file \(name) must be >= 0 (0-indexed), got \(offset)")
        }
        let length = value["length"]?.int
        if let length, length < 1 {
            throw ToolFailure.value("Length for file \(name) must be >= 1, got \(length)")
        }
        return Request(name: name, offset: Int(clamping: offset), length: length.map { Int(clamping: $0) })
    }

    private static func unknown(_ name: String, among files: [AgentFile]) -> ToolFailure {
        let names = JSONValue.array(files.prefix(100).map { .string($0.fileName) })
        return .value(
            "\(name) not attached - did you get the filename correct? Currently you have the following files attached: "
                + PythonText.literal(names))
    }

    // MARK: Searching

    private func grep(_ given: ToolArguments, in context: ToolContext) async throws -> String {
        let pattern = try given.text("pattern")
        guard pattern.contains(where: { !$0.isWhitespace }) else {
            throw ToolFailure.value("Empty search pattern provided")
        }
        let include = given.string("include").flatMap { $0.isEmpty ? nil : $0 }
        var search = LineSearch(pattern: pattern)
        search.contextLines = min(max(0, given.integer("context_lines") ?? 1), Self.mostContextLines)
        search.skip = min(max(0, given.integer("offset") ?? 0), Self.mostSearched)
        search.most = Self.matchesOfPage
        search.files = try await core.storage.read(as: context.scope) { db in
            let files = (try AgentFileStore.files(of: [context.agent.id], texts: false, db)[context.agent.id] ?? [])
                .filter { file in include.map { NamePattern($0).matches(file.fileName) } ?? true }
            let sizes = try db.fetch(FolderStore.files, files.map(\.fileID)).reduce(0) { $0 + ($1.fileSize ?? 0) }
            guard sizes <= Self.mostSearched else {
                throw ToolFailure.value(
                    "The files have \(sizes >> 20) MB together, more than the \(Self.mostSearched >> 20) MB that can be "
                        + "searched at once. Name fewer files in `include`.")
            }
            let contents = try FolderStore.contents(of: files.map(\.fileID), db)
            return files.map { (name: $0.fileName, text: contents[$0.fileID] ?? "") }
        }
        let owner = SandboxOwner(organization: context.scope.organization, agent: context.agent.id.rawValue)
        do {
            return Self.matches(try await documents.search(search, for: owner), of: search)
        } catch let refusal as DocumentRefusal {
            throw ToolFailure.value(refusal.reason)
        } catch let failure as SandboxFailure {
            throw ToolFailure.value("\(failure)")
        }
    }

    private static func matches(_ answer: JSONObject, of search: LineSearch) -> String {
        let total = Int(clamping: answer["total"]?.int ?? 0)
        guard total > 0 else { return "No matches found for pattern: '\(search.pattern)'" }
        let matches = answer["matches"]?.array ?? []
        guard !matches.isEmpty else {
            return "No matches after the first \(search.skip): \(total) match the pattern '\(search.pattern)'"
        }
        let counts = answer["counts"]?.array ?? []
        let last = search.skip + matches.count
        let header =
            "Found \(total) total matches across \(counts.count) files "
            + "(showing matches \(search.skip + 1)-\(last) of \(total))"
        var text = header + "\n" + String(repeating: "=", count: 80) + "\n\nFiles with matches:\n"
        for count in counts { text += "  - \(count[0]?.string ?? ""): \(count[1]?.int ?? 0) matches\n" }
        text += "\n"
        for match in matches {
            let number = match["line"]?.int ?? 0
            text += "\n=== \(match["name"]?.string ?? ""):\(number) ===\n"
            for line in match["lines"]?.array ?? [] {
                text += "\(line[0]?.int == number ? ">" : " ") \(line[0]?.int ?? 0): \(line[1]?.string ?? "")\n"
            }
        }
        return text
            + (last < total
                ? "\nTo see more matches, call: grep_files(pattern=\"\(search.pattern)\", offset=\(last))"
                : "\nNo more matches to show.")
    }

    /// By words: the passages that have most of those of the query.
    private func search(_ given: ToolArguments, in context: ToolContext) async throws -> String {
        let query = try given.text("query")
        guard query.contains(where: { !$0.isWhitespace }) else {
            throw ToolFailure.value("Empty search query provided")
        }
        guard query.utf8.count <= KeyText.longest else { throw ToolFailure.value("The query is too long.") }
        let limit = min(max(0, given.integer("limit") ?? 5), Self.mostPassages)
        let (found, files) = try await core.storage.read(as: context.scope) { db in
            let folders = (try AgentFileStore.folders(of: [context.agent.id], db)[context.agent.id] ?? []).map(\.id)
            let found = try FolderStore.find(query, in: folders, limit: limit, db)
            let files = try AgentFileStore.files(of: [context.agent.id], texts: false, db)[context.agent.id] ?? []
            return (found, files)
        }
        let names = Dictionary(files.map { ($0.fileID.rawValue, $0.fileName) }, uniquingKeysWith: { first, _ in first })
        let count = Set(found.compactMap(\.fileID)).count
        let header =
            "Found \(found.count) semantic matches in \(count) file\(count == 1 ? "" : "s") for query: '\(query)'"
        var text = header + "\n" + String(repeating: "=", count: header.count)
        var numbers: [String: Int] = [:]
        for passage in found {
            let name = passage.fileID.flatMap { names[$0] } ?? ""
            numbers[name, default: 0] += 1
            text += "\n\n=== \(name) (passage #\(numbers[name] ?? 1)) ==="
            let lines = passage.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            for line in lines.prefix(Self.linesOfPassage) { text += "\n  \(line)" }
            if lines.count > Self.linesOfPassage {
                text += "\n  ... [truncated \(lines.count - Self.linesOfPassage) more lines]"
            }
        }
        return text
    }
}

/// A pattern of file names: `*` stands for any characters, `?` for one.
struct NamePattern: Sendable {
    private let pattern: [Character]

    init(_ pattern: String) {
        self.pattern = Array(pattern.lowercased())
    }

    /// Whether the name, or its last component, matches, in at most as many steps as pattern and name have together
    /// multiplied.
    func matches(_ name: String) -> Bool {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return [name, last].contains { matches(Array($0.lowercased())) }
    }

    private func matches(_ name: [Character]) -> Bool {
        var (place, part) = (0, 0)
        var star: (part: Int, place: Int)?
        while place < name.count {
            if part < pattern.count, pattern[part] == "?" || (pattern[part] == name[place] && pattern[part] != "*") {
                (place, part) = (place + 1, part + 1)
            } else if part < pattern.count, pattern[part] == "*" {
                star = (part, place)
                part += 1
            } else if let last = star {
                star = (last.part, last.place + 1)
                (place, part) = (last.place + 1, last.part + 1)
            } else {
                return false
            }
        }
        return pattern[part...].allSatisfy { $0 == "*" }
    }
}
