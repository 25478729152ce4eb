import JSON
import LettaAPI
import Synchronization

/// Documents that many agents share, each understood once.
///
/// A document is found by its text, so what has changed is never mistaken for what it was.
final class DocumentCache<Content: Codable & JSONWritable & Sendable>: Sendable {
    private let contents = Mutex<[Document<Content>: Content]>([:])
    private let limit: Int
    /// In bytes; longer documents are rare, and understood each time.
    private static var longest: Int { 16 * 1_024 }

    /// - Parameter limit: how many documents are kept; when there are more, it begins anew.
    init(limit: Int) {
        self.limit = limit
    }

    /// The content of a stored document; throws where it can't be understood.
    func content(of document: Document<Content>) throws -> Content {
        if let content = contents.withLock({ $0[document] }) { return content }
        let content = try document.content()
        guard document.json.text.utf8.count <= Self.longest else { return content }
        contents.withLock { contents in
            if contents.count >= limit { contents.removeAll() }
            contents[document] = content
        }
        return content
    }
}
