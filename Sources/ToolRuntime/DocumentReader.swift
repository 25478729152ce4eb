package import JSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Takes texts out of documents, and searches texts for regular expressions, in a sandbox.
///
/// Documents come from anywhere and expressions from a model: both may be made to take all time and memory there is.
package struct DocumentReader: Sendable {
    private let sandbox: ToolSandbox
    /// A pool of its own: reading does not wait for tools.
    private let slots = SandboxSlots(3)
    private static let longestSearch = 10.0
    /// The seconds for one search.
    private let searchSeconds: Double

    package init(sandbox: ToolSandbox) {
        var sandbox = sandbox
        searchSeconds = min(sandbox.limits.seconds, Self.longestSearch)
        sandbox.limits.seconds = 120
        sandbox.limits.temporaryFolder = 512 << 20
        sandbox.limits.file = 256 << 20
        sandbox.limits.answer = 64 << 20
        self.sandbox = sandbox
    }

    /// The text of a document; a form feed ends a page.
    ///
    /// - Parameter format: `pdf`, `docx`, `pptx`, `xlsx`, `odt`, `epub` or `image`.
    /// - Throws: `DocumentRefusal` for one that can't be read, `SandboxFailure`, `CancellationError`.
    package func text(of bytes: [UInt8], format: String, for owner: SandboxOwner) async throws -> String {
        let report = try await slots.use(for: owner) {
            try await sandbox.run(
                .readDocument, ["format": .string(format), "bytes": .string(Data(bytes).base64EncodedString())])
        }
        if let text = report.answer?["text"]?.string { return text }
        throw DocumentRefusal(reason: report.answer?["error"]?.string ?? sandbox.explanation(of: report))
    }

    /// The lines that match a regular expression of Python, as `search_lines.py` answers.
    ///
    /// - Throws: `DocumentRefusal` for an expression that is wrong or takes too long, `SandboxFailure`,
    ///   `CancellationError`.
    package func search(_ search: LineSearch, for owner: SandboxOwner) async throws -> JSONObject {
        var quick = sandbox
        quick.limits.seconds = searchSeconds
        let report = try await slots.use(for: owner) { [quick] in
            try await quick.run(
                .searchLines,
                [
                    "pattern": .string(search.pattern), "context": .int(Int64(search.contextLines)),
                    "skip": .int(Int64(search.skip)), "most": .int(Int64(search.most)),
                    "files": .array(search.files.map { ["name": .string($0.name), "text": .string($0.text)] }),
                ])
        }
        if let answer = report.answer?.object, answer["error"] == nil { return answer }
        throw DocumentRefusal(reason: report.answer?["error"]?.string ?? quick.explanation(of: report))
    }
}

/// What is searched for, and where.
package struct LineSearch: Sendable {
    package var pattern: String
    /// The lines shown before and after a match.
    package var contextLines = 1
    /// The matches before those shown.
    package var skip = 0
    package var most = 20
    package var files: [(name: String, text: String)] = []

    package init(pattern: String) {
        self.pattern = pattern
    }
}

/// Why a document has no text, or an expression no matches.
package struct DocumentRefusal: Error, Sendable, Hashable {
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }
}
