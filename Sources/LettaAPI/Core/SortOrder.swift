/// The direction of a list.
public enum SortOrder: String, Codable, Sendable, CaseIterable {
    case ascending = "asc"
    case descending = "desc"
}
