import JSON
import LettaAPI

extension Patch where Value: Equatable {
    /// `.keep` where the patch repeats the stored value, so that sending back what was read changes nothing.
    func changes(from stored: Value?) -> Patch {
        switch self {
        case .set(let value) where value == stored: .keep
        case .clear where stored == nil: .keep
        default: self
        }
    }
}

extension Patch where Value == ObjectDocument {
    /// The same for a document, regardless of the order of its members.
    func changes(from stored: RawJSON?) throws -> Patch {
        switch self {
        case .set(let document): try document.json.value() == stored?.value() ? .keep : self
        case .clear: stored == nil ? .keep : self
        case .keep: self
        }
    }
}

extension JSONWritable {
    /// Whether both are the same JSON, with their members in the same order.
    func isSame(as other: Self) -> Bool {
        RawJSON(self) == RawJSON(other)
    }
}
