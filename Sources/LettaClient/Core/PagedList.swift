public import LettaAPI

/// A list that fetches its pages while it is walked.
///
/// ```swift
/// let agents = client.list(API.Agents.list, query: ListAgents())
/// for try await agent in agents { … }        // one by one
/// for try await page in agents.pages { … }   // page by page
/// ```
///
/// The query's `limit` is the size of a page, not of the list; the list goes on to its end. With `before` and
/// without `after` pages are fetched backwards, each one in the order of the list. Every walk asks the server anew.
public struct PagedList<Element: ListElement>: AsyncSequence, Sendable {
    /// The list page by page.
    public let pages: Pages

    init<Query: PageQuery>(_ query: Query, fetch: @escaping @Sendable (Query) async throws -> [Element]) {
        pages = Pages(place: Place(query)) { place in
            var query = query
            (query.after, query.before, query.limit) = (place.after, place.before, place.limit)
            return try await fetch(query)
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pages: pages.makeAsyncIterator())
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        var pages: Pages.AsyncIterator
        private var rest: ArraySlice<Element> = []

        init(pages: Pages.AsyncIterator) {
            self.pages = pages
        }

        public mutating func next() async throws -> Element? {
            while rest.isEmpty {
                guard let page = try await pages.next() else { return nil }
                rest = page[...]
            }
            return rest.removeFirst()
        }
    }
}

extension PagedList {
    /// A list page by page; no page is empty.
    public struct Pages: AsyncSequence, Sendable {
        let place: Place
        let fetch: @Sendable (Place) async throws -> [Element]

        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(pages: self, place: place)
        }

        public struct AsyncIterator: AsyncIteratorProtocol {
            let pages: Pages
            /// Where the next page stands; nil behind the last one.
            var place: Place?

            public mutating func next() async throws -> [Element]? {
                guard let current = place else { return nil }
                let page = try await pages.fetch(current)
                place = current.next(after: page)
                return page.isEmpty ? nil : page
            }
        }
    }

    /// Which page of a list is meant.
    struct Place: Sendable {
        /// What a page holds where the query doesn't say.
        static var usualLimit: Int { 50 }

        var after: String?
        var before: String?
        var limit: Int

        init(_ query: some PageQuery) {
            (after, before, limit) = (query.after, query.before, query.limit ?? Self.usualLimit)
        }

        /// The place behind `page`; nil when that was the last one, which all pages but full ones are.
        func next(after page: [Element]) -> Place? {
            guard limit > 0, page.count == limit, let first = page.first, let last = page.last else { return nil }
            var next = self
            let isBackwards = after == nil && before != nil
            if isBackwards { next.before = first.cursor } else { next.after = last.cursor }
            // A server that took no notice of the bound would send the same page for ever.
            return next.after == after && next.before == before ? nil : next
        }
    }
}
