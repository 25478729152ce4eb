/// The direction of a list.
public enum SortOrder: String, Codable, Sendable, CaseIterable {
    case ascending = "asc"
    case descending = "desc"
}

/// The query of a list that is answered page by page.
public protocol PageQuery: Codable, Sendable {
    /// The page ends before the element that this names.
    var before: String? { get set }
    /// The page begins after the element that this names.
    var after: String? { get set }
    /// The most elements of the page.
    var limit: Int? { get set }
    var order: SortOrder? { get set }
}

/// What a list that is answered page by page consists of.
public protocol ListElement: Sendable {
    /// What names the element in `before` and `after`.
    var cursor: String { get }
}

/// A resource that is named by its id in the bounds of a list.
public protocol ListedResource: Resource, ListElement {
    var id: ID<Self> { get }
}

extension ListedResource {
    public var cursor: String { id.rawValue }
}

extension String: ListElement {
    public var cursor: String { self }
}

/// One page of a list, in the order asked for. On the wire it is the array of its items, with a `Link` header that
/// leads to the next page.
public struct Page<Element: Sendable>: Sendable {
    public var items: [Element]
    /// The bound of the next page; nil when this is the last one.
    public var next: String?
    /// Whether `next` is a `before`: a list that is read with `before` alone is read backwards.
    public var isBackwards: Bool

    public init(_ items: [Element], next: String? = nil, isBackwards: Bool = false) {
        self.items = items
        self.next = next
        self.isBackwards = isBackwards
    }

    /// The page with other items in the place of these.
    public func replacing<Other: Sendable>(with items: [Other]) -> Page<Other> {
        Page<Other>(items, next: next, isBackwards: isBackwards)
    }
}
