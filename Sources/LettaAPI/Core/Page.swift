/// One page of a list.
public struct Page<Element: Sendable>: Sendable {
    public var items: [Element]
    /// The cursor of the last item when more may follow: the `after` of the next page.
    public var next: String?

    public init(items: [Element], next: String?) {
        self.items = items
        self.next = next
    }
}
