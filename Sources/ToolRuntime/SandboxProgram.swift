import JSON

/// A program for the sandbox: Python source that defines `work(request)`, followed by the supervisor that calls it.
enum SandboxProgram: Sendable, Hashable {
    case runTool
    case readSchema
    case readDocument
    case searchLines

    var text: String {
        switch self {
        case .runTool: Self.runToolText
        case .readSchema: Self.readSchemaText
        case .readDocument: Self.readDocumentText
        case .searchLines: Self.searchLinesText
        }
    }

    /// Whether users wait for it often enough to keep a process for it.
    var isKeptWarm: Bool { self == .runTool || self == .readSchema }

    /// The program for a process that forks for each call.
    var warmText: String {
        self == .readSchema ? Self.warmReadSchemaText : Self.warmRunToolText
    }

    private static let partsOfRunTool = [
        PackageResources.tool_types_py, PackageResources.agent_state_py, PackageResources.run_script_py,
        PackageResources.run_tool_py,
    ]
    private static let partsOfReadSchema = [
        PackageResources.read_types_py, PackageResources.read_typescript_py, PackageResources.read_schema_py,
    ]
    /// What node starts with.
    static let scriptRunner = String(decoding: PackageResources.run_script_mjs, as: UTF8.self)

    private static let runToolText = joined(partsOfRunTool, PackageResources.cold_py)
    private static let readSchemaText = joined(partsOfReadSchema, PackageResources.cold_py)
    private static let warmRunToolText = joined(
        partsOfRunTool + [PackageResources.forward_py], PackageResources.warm_py)
    private static let warmReadSchemaText = joined(
        partsOfReadSchema + [PackageResources.forward_py], PackageResources.warm_py)
    private static let readDocumentText = joined([PackageResources.read_document_py], PackageResources.cold_py)
    private static let searchLinesText = joined([PackageResources.search_lines_py], PackageResources.cold_py)

    private static func joined(_ work: [[UInt8]], _ start: [UInt8]) -> String {
        let watching = [PackageResources.system_calls_py, PackageResources.landlock_py, PackageResources.supervisor_py]
        return String(
            decoding: Array((work + watching + [start]).joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
    }
}

/// The report of a sandbox about its run.
struct SandboxReport: Sendable {
    enum End: Sendable, Hashable {
        case done
        case tooLong
        case tooMuchMemory
        case tooMuchOutput
        /// A text that continues a sentence that starts with "it".
        case died(String)
    }

    /// The result of `work`; nil if it did not return.
    var answer: JSONValue?
    var end: End
    var stdout: String
    var stderr: String

    /// The report about a program that ended its sandbox before this could report.
    init(end: End) {
        self.end = end
        stdout = ""
        stderr = ""
    }

    /// Nil for bytes that no sandbox of ours wrote.
    init?(_ bytes: [UInt8]) {
        let parser = JSONParser(options: [.replaceLoneSurrogates, .removeNUL])
        // The cause does not matter: the caller reports the output of the sandbox instead.
        guard let said = try? parser.parse(bytes), let end = said["end"]?.string, let stdout = said["stdout"]?.string,
            let stderr = said["stderr"]?.string
        else { return nil }
        self.stdout = stdout
        self.stderr = stderr
        switch end {
        case "done": self.end = .done
        case "time": self.end = .tooLong
        case "memory": self.end = .tooMuchMemory
        case "output": self.end = .tooMuchOutput
        default: self.end = .died(end)
        }
        guard let answer = said["answer"]?.string else { return }
        do {
            self.answer = try parser.parse(answer)
        } catch {
            self.end = .died("the result can't be read: \(error)")
        }
    }
}
