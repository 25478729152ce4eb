extension Array {
    /// The elements in chunks that one statement can bind: PostgreSQL binds up to 65,535 values, SQLite 32,766.
    ///
    /// - Parameter values: the number of values that each element binds.
    func chunks(binding values: Int = 1) -> [[Element]] {
        let most = Swift.max(1, 10_000 / values)
        return stride(from: 0, to: count, by: most).map { Array(self[$0..<Swift.min($0 + most, count)]) }
    }

    /// The results of the statements that bind the elements; none for an empty array.
    func inStatements<Row>(_ rows: ([Element]) throws -> [Row]) rethrows -> [Row] {
        try chunks().flatMap(rows)
    }
}

extension Array where Element: Hashable {
    /// The distinct elements, in order.
    var withoutDuplicates: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
