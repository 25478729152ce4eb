extension Array {
    /// What the statements find that bind the elements, each as many of them as both engines take: PostgreSQL
    /// binds up to 65,535 values. Without an element there is no statement.
    func inStatements<Row>(_ rows: ([Element]) throws -> [Row]) rethrows -> [Row] {
        let most = 10_000
        return try stride(from: 0, to: count, by: most).flatMap { start in
            try rows(Array(self[start..<Swift.min(start + most, count)]))
        }
    }
}

extension Array where Element: Hashable {
    /// The elements in order, each once.
    var withoutDuplicates: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
