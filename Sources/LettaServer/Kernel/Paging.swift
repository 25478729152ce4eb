import JSON
import LettaAPI
import Storage

/// Which part of a list is asked for: bounds given by ids of rows, a direction and a size.
struct PageRequest: Sendable {
    var after: String?
    var before: String?
    var isAscending: Bool
    /// Nil for no bound.
    var limit: Int?

    /// Takes the parameters as they came. A limit of 0 means all, as the peer has it.
    ///
    /// - Throws: `APIError` naming `limit` when it is negative.
    init(
        after: String?, before: String?, limit: Int?, order: SortOrder?, defaultLimit: Int, defaultOrder: SortOrder
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
}

/// A page of a list, in the order asked for.
struct StoredPage<Element: Sendable>: Sendable {
    var items: [Element]
    /// Whether the page is as long as was allowed, so that more may follow.
    var isFull: Bool
}

/// Builds the SQL of one page over a unique order key, so that no page depends on how many came before.
///
/// Each bound is a row value `(a, b, id)`; rows are compared as a whole. A page asked for by `before`
/// alone is the one that ends just before the bound.
struct Keyset {
    /// The columns of the key, the unique one last.
    let columns: [SQLText]
    let request: PageRequest
    /// The key of the row named by `after`, and of the one named by `before`; nil when there is no such row.
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

    /// Puts what the query gave into the order asked for.
    func page<Element>(_ rows: [Element]) -> StoredPage<Element> {
        StoredPage(
            items: readsBackwards ? rows.reversed() : rows, isFull: request.limit.map { rows.count >= $0 } ?? false)
    }

    private var tuple: SQLText { "(\(SQLText.joined(columns, separator: ", ")))" }
}
