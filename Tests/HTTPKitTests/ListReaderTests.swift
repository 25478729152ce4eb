import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import NIOCore
import Synchronization
import Testing

@testable import HTTPKit

/// Long lists: every element once, in order, in pieces.
@Suite(.timeLimit(.minutes(2))) struct ListReaderTests {
    struct ListRows: PageQuery {
        var before: String?
        var after: String?
        var limit: Int?
        var order: SortOrder?
    }

    struct Row: Codable, JSONWritable, ListElement, Equatable {
        var cursor: String
        var text: String
    }

    /// Rows in memory that are read as a table is: what a bound does not name is ignored.
    final class Table: Sendable {
        let rows: Mutex<[Row]>
        let largest = Mutex(0)
        let reads = Mutex(0)

        init(_ count: Int, size: Int) {
            rows = Mutex((0..<count).map { Row(cursor: "\($0)", text: String(repeating: "x", count: size)) })
        }

        /// - Parameter order: that of messages, whose bounds are in time.
        func page(_ query: ListRows, _ order: ListOrder) -> Page<Row> {
            let isChronological = if case .requested = order { false } else { true }
            let isCutFromEnd = isChronological && query.order != .ascending
            var rest = rows.withLock { $0 }[...]
            if let after = query.after.flatMap({ Int($0) }) { rest = rest.drop { (Int($0.cursor) ?? 0) <= after } }
            if let before = query.before.flatMap({ Int($0) }) { rest = rest.prefix { (Int($0.cursor) ?? 0) < before } }
            let limit = query.limit == 0 ? .max : query.limit ?? 50
            largest.withLock { $0 = max($0, limit) }
            reads.withLock { $0 += 1 }
            let isBackwards = !isChronological && query.before.flatMap { Int($0) } != nil && query.after == nil
            let isFromEnd = isCutFromEnd || isBackwards
            let items = Array(isFromEnd ? rest.suffix(limit) : rest.prefix(limit))
            let isReversed = if case .inTime = order { isFromEnd } else { false }
            guard items.count == limit else { return Page(isReversed ? items.reversed() : items) }
            if isReversed { return Page(items.reversed(), next: items.first?.cursor) }
            return Page(items, next: (isFromEnd ? items.first : items.last)?.cursor, isBackwards: isBackwards)
        }
    }

    private func read(
        _ table: Table, _ query: ListRows, _ order: ListOrder = .requested(zeroIsAll: true)
    ) async throws -> (rows: [Row], link: String?, isStreamed: Bool) {
        let reader = ListReader(query: query, order: order) { query in
            table.page(query, order)
        }
        let response = try await reader.response(status: 200, target: "/rows?limit=\(query.limit ?? 0)")
        let collected = Collector()
        try await response.body.write(collected)
        let rows = try JSONDecoding().decode([Row].self, from: try JSONParser().parse(collected.text))
        return (rows, response.headers[.link], response.body.contentLength == nil)
    }

    final class Collector: ResponseBodyWriter, Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
        func write(_ buffer: ByteBuffer) async throws { bytes.withLock { $0 += Array(buffer.readableBytesView) } }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    /// 950 rows, which fit in the buffer, or do not.
    @Test(
        arguments: [10, 4000],
        [
            (limit: 0, after: nil, before: nil), (100_000, nil, nil), (950, nil, nil), (949, nil, nil), (300, nil, nil),
            (101, nil, nil), (100, nil, nil), (7, nil, nil), (0, "99", nil), (800, "99", "940"), (5000, nil, "800"),
            (650, nil, "800"), (800, nil, "800"), (0, nil, "800"), (500, "949", nil), (500, nil, "0"),
            (500, nil, "unknown"), (50, nil, "unknown"), (50, nil, "800"),
        ] as [(limit: Int, after: String?, before: String?)])
    func `every row once and in order`(_ size: Int, _ bounds: (limit: Int, after: String?, before: String?))
        async throws
    {
        let table = Table(950, size: size)
        let query = ListRows(before: bounds.before, after: bounds.after, limit: bounds.limit)
        let whole = table.page(query, .requested(zeroIsAll: true))
        table.largest.withLock { $0 = 0 }
        let read = try await read(table, query)
        #expect(read.rows == whole.items)
        let parameter = whole.isBackwards ? "before" : "after"
        let link = PageLink.headers(target: "/rows?limit=\(bounds.limit)", next: whole.next, as: parameter)
        #expect(read.link == link[.link])
        #expect(table.largest.withLock { $0 } <= 100)
        if read.rows.count > 500 { #expect(read.isStreamed == (size == 4000)) }
    }

    @Test(arguments: [10, 4000], [1000, 950, 300, 100, 0])
    func `messages: the newest, oldest first`(_ size: Int, _ limit: Int) async throws {
        let table = Table(950, size: size)
        for (order, after) in [(nil, nil), (SortOrder.descending, "200"), (.ascending, "200")]
            as [(SortOrder?, String?)]
        {
            let query = ListRows(before: nil, after: after, limit: limit, order: order)
            guard limit > 0 else {
                #expect(try await self.read(table, query, .chronological).link == nil)
                continue
            }
            let whole = table.page(query, .chronological)
            let read = try await read(table, query, .chronological)
            #expect(read.rows == whole.items)
            let parameter = order == .ascending ? "after" : "before"
            #expect(
                read.link == PageLink.headers(target: "/rows?limit=\(limit)", next: whole.next, as: parameter)[.link])
        }
    }

    @Test(arguments: [10, 4000], [1000, 950, 300, 100, 0])
    func `messages: the newest first, or the oldest`(_ size: Int, _ limit: Int) async throws {
        let table = Table(950, size: size)
        for (order, before, after) in [
            (nil, nil, nil), (SortOrder.descending, "800", "200"), (.descending, nil, "200"), (.ascending, nil, "200"),
            (.ascending, "800", nil),
        ] as [(SortOrder?, String?, String?)] {
            let query = ListRows(before: before, after: after, limit: limit, order: order)
            let whole = table.page(query, .inTime(zeroIsAll: true))
            table.largest.withLock { $0 = 0 }
            let read = try await read(table, query, .inTime(zeroIsAll: true))
            #expect(read.rows == whole.items)
            #expect(table.largest.withLock { $0 } <= 100)
            let parameter = order == .ascending ? "after" : "before"
            #expect(
                read.link == PageLink.headers(target: "/rows?limit=\(limit)", next: whole.next, as: parameter)[.link])
        }
    }

    @Test func `rows that are deleted while the list is sent are not replaced by doubles`() async throws {
        let table = Table(950, size: 4000)
        let reader = ListReader(query: ListRows(before: "900", limit: 0), order: .requested(zeroIsAll: true)) { query in
            table.page(query, .requested(zeroIsAll: true))
        }
        let response = try await reader.response(status: 200, target: "/rows")
        table.rows.withLock { rows in rows.removeAll { (Int($0.cursor) ?? 0) % 10 == 3 } }
        let collected = Collector()
        try await response.body.write(collected)
        let rows = try JSONDecoding().decode([Row].self, from: try JSONParser().parse(collected.text))
        let numbers = rows.compactMap { Int($0.cursor) }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(Set(numbers).isSuperset(of: (0..<900).filter { $0 % 10 != 3 }))
    }

    @Test func `a slow client holds back the reading`() async throws {
        let table = Table(5000, size: 4000)
        let reader = ListReader(query: ListRows(limit: 0), order: .requested(zeroIsAll: true)) { query in
            table.page(query, .requested(zeroIsAll: true))
        }
        let response = try await reader.response(status: 200, target: "/rows")
        #expect(table.reads.withLock { $0 } < 5)
        let slow = Stopping(after: 3)
        await #expect(throws: CancellationError.self) { try await response.body.write(slow) }
        #expect(table.reads.withLock { $0 } < 9)
    }

    /// Takes some pieces and fails then, as a connection does that the client has closed.
    final class Stopping: ResponseBodyWriter, Sendable {
        private let left: Mutex<Int>
        init(after count: Int) { left = Mutex(count) }
        func write(_ buffer: ByteBuffer) async throws {
            guard
                left.withLock({
                    $0 -= 1; return $0 >= 0
                })
            else { throw CancellationError() }
        }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
