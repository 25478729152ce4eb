import JSON
import LettaAPI
import Storage

/// The part of a list that a client asks for: bounds given by ids of rows, a direction and a size.
struct PageRequest: Sendable {
    var after: String?
    var before: String?
    var isAscending: Bool
    /// Nil for no bound.
    var limit: Int?

    init(_ query: some PageQuery, defaultLimit: Int = 50, defaultOrder: SortOrder = .descending) throws {
        try self.init(
            after: query.after, before: query.before, limit: query.limit, order: query.order,
            defaultLimit: defaultLimit, defaultOrder: defaultOrder)
    }

    /// A limit of 0 means no limit, as with the peer.
    ///
    /// - Throws: `APIError` that names `limit` when it is negative.
    init(
        after: String? = nil, before: String? = nil, limit: Int?, order: SortOrder? = nil, defaultLimit: Int,
        defaultOrder: SortOrder = .descending
    ) throws {
        self.after = after
        self.before = before
        isAscending = (order ?? defaultOrder) == .ascending
        let size = limit ?? defaultLimit
        guard size >= 0 else {
            let issue = ValidationIssue(
                type: "greater_than_equal", location: [.name("query"), .name("limit")],
                message: "Input should be greater than or equal to 0", input: .int(Int64(size)), context: ["ge": 0])
            throw APIError(status: 422, body: .validation([issue], examples: []))
        }
        self.limit = size == 0 ? nil : size
    }

    /// A page of a short list in memory. Bounds that name no element are ignored.
    func page<Element: Sendable>(of elements: [Element], id: (Element) -> String) -> Page<Element> {
        let ordered = isAscending ? elements : elements.reversed()
        var rest = ordered[...]
        if let after, let place = rest.firstIndex(where: { id($0) == after }) { rest = rest[(place + 1)...] }
        var readsBackwards = false
        if let before, let place = rest.firstIndex(where: { id($0) == before }) {
            rest = rest[..<place]
            readsBackwards = after == nil
        }
        guard let limit, limit < rest.count else { return Page(Array(rest)) }
        let items = readsBackwards ? rest.suffix(limit) : rest.prefix(limit)
        return Page(
            Array(items), next: (readsBackwards ? items.first : items.last).map(id), isBackwards: readsBackwards)
    }
}

extension Page {
    func map<Other>(_ transform: (Element) throws -> Other) rethrows -> Page<Other> {
        replacing(with: try items.map(transform))
    }
}

/// The order of a list: the columns of its key, the unique one last, and the default direction.
struct PageOrder: Sendable {
    var key: [SQLText]
    var direction: SortOrder

    static let newestFirst = PageOrder(key: ["created_at", "id"], direction: .descending)
    static let oldestFirst = PageOrder(key: ["created_at", "id"], direction: .ascending)
}

extension Transaction {
    /// A page of the rows of a table that meet the conditions that are not nil.
    func page<Row>(
        _ table: Table<Row>, _ query: some PageQuery, defaultLimit: Int = 50, order: PageOrder = .newestFirst,
        where conditions: [SQLText?] = []
    ) throws -> Page<Row> {
        let request = try PageRequest(query, defaultLimit: defaultLimit, defaultOrder: order.direction)
        return try page(table, request, key: order.key, where: conditions)
    }

    func page<Row>(
        _ table: Table<Row>, _ request: PageRequest, key: [SQLText] = PageOrder.newestFirst.key,
        where conditions: [SQLText?] = []
    ) throws -> Page<Row> {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: table.name, self),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: table.name, self))
        let all = ["organization_id = \(organization)"] + conditions.compactMap { $0 }
        let rows = try rows(
            """
            SELECT \(table.columns) FROM \(table.name)
            WHERE \(SQLText.joined(all, separator: " AND "))\(keyset.conditions)\(keyset.ending)
            """)
        return try keyset.page(rows) { try $0["id"] }.map(table.row)
    }
}

/// Builds the SQL of one page over a unique order key, so that the cost does not depend on the pages before it.
///
/// Each bound is a row value `(a, b, id)`; rows are compared as a whole. A page with `before` alone is the one that
/// ends just before the bound.
struct Keyset {
    /// The columns of the key, the unique one last.
    let columns: [SQLText]
    let request: PageRequest
    /// The keys of the rows that `after` and `before` name; nil when there is no such row.
    let after: [SQLValue]?
    let before: [SQLValue]?

    private var readsBackwards: Bool { before != nil && after == nil }

    /// Conditions to add to `WHERE`, each beginning with ` AND`.
    var conditions: SQLText {
        var parts: [SQLText] = []
        if let after {
            parts.append(" AND \(tuple) \(request.isAscending ? ">" : "<" as SQLText) (\(list: after))")
        }
        if let before {
            parts.append(" AND \(tuple) \(request.isAscending ? "<" : ">" as SQLText) (\(list: before))")
        }
        return .joined(parts, separator: "")
    }

    /// `ORDER BY …` and `LIMIT …`.
    var ending: SQLText {
        let direction: SQLText = request.isAscending != readsBackwards ? "ASC" : "DESC"
        let terms = columns.map { "\($0) \(direction)" as SQLText }
        let limit: SQLText = request.limit.map { " LIMIT \($0)" } ?? ""
        return " ORDER BY \(SQLText.joined(terms, separator: ", "))\(limit)"
    }

    /// The rows in the requested order. More may follow a full page.
    func page<Element>(_ rows: [Element], cursor: (Element) throws -> String) rethrows -> Page<Element> {
        let items = readsBackwards ? rows.reversed() : rows
        guard let limit = request.limit, rows.count >= limit else { return Page(items) }
        let end = readsBackwards ? items.first : items.last
        return Page(items, next: try end.map(cursor), isBackwards: readsBackwards)
    }

    private var tuple: SQLText { "(\(SQLText.joined(columns, separator: ", ")))" }
}
