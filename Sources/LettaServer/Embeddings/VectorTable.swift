import CVectors

/// The vectors of one archive or folder, or of one agent's messages, in memory, a byte for each number.
///
/// A scan over all of them finds candidates; whoever ranks them reads their full vectors. The rows are in blocks that never
/// change, so that a new vector copies one block and not the table.
struct VectorTable: Sendable {
    /// The vectors as they were at this version of their set; for passages.
    var version = 0
    /// The messages whose vectors are in the table.
    var positions = 0..<0
    let dimensions: Int
    private var blocks: [Block] = []

    private static let blockRows = 4_096

    init(dimensions: Int) {
        self.dimensions = dimensions
    }

    var count: Int { blocks.reduce(0) { $0 + $1.keys.count } }

    /// In bytes.
    var size: Int { count * (dimensions + MemoryLayout<VectorKey>.stride + MemoryLayout<Float>.stride) }

    /// A row with its similarity to a query.
    struct Match: Sendable {
        let key: VectorKey
        let similarity: Float
    }

    private final class Block: Sendable {
        let keys: [VectorKey]
        /// What a code is multiplied with.
        let scales: [Float]
        let codes: [Int8]

        init(keys: [VectorKey], scales: [Float], codes: [Int8]) {
            self.keys = keys
            self.scales = scales
            self.codes = codes
        }
    }

    // MARK: Changing

    /// Adds rows that are not in the table. Those of other dimensions are left out.
    mutating func append(_ rows: [(key: VectorKey, vector: [Float])]) {
        append(rows.map { (key: $0.key, vector: QuantizedVector($0.vector)) })
    }

    mutating func append(_ rows: [(key: VectorKey, vector: QuantizedVector)]) {
        var rows = rows.filter { $0.vector.codes.count == dimensions }[...]
        while !rows.isEmpty {
            var (keys, scales, codes) = ([VectorKey](), [Float](), [Int8]())
            if let last = blocks.last, last.keys.count < Self.blockRows {
                (keys, scales, codes) = (last.keys, last.scales, last.codes)
                blocks.removeLast()
            }
            let added = rows.prefix(Self.blockRows - keys.count)
            keys.reserveCapacity(keys.count + added.count)
            codes.reserveCapacity(codes.count + added.count * dimensions)
            for row in added {
                keys.append(row.key)
                scales.append(row.vector.scale)
                codes += row.vector.codes
            }
            blocks.append(Block(keys: keys, scales: scales, codes: codes))
            rows = rows.dropFirst(added.count)
        }
    }

    mutating func remove(_ gone: Set<VectorKey>) {
        guard !gone.isEmpty else { return }
        blocks = blocks.compactMap { block in
            let kept = block.keys.indices.filter { !gone.contains(block.keys[$0]) }
            guard kept.count < block.keys.count else { return block }
            guard !kept.isEmpty else { return nil }
            return Block(
                keys: kept.map { block.keys[$0] }, scales: kept.map { block.scales[$0] },
                codes: kept.flatMap { block.codes[$0 * dimensions..<($0 + 1) * dimensions] })
        }
    }

    // MARK: Searching

    /// The rows that are most similar to the query, approximately, the best first.
    ///
    /// - Parameter allowed: the rows to search; nil for all.
    func nearest(to query: [Float], count wanted: Int, among allowed: Set<VectorKey>? = nil) -> [Match] {
        guard query.count == dimensions, wanted > 0 else { return [] }
        let query = QuantizedVector(query)
        var best = BestMatches(capacity: wanted)
        var products = [Float](repeating: 0, count: Self.blockRows)
        for block in blocks {
            let rows = block.keys.count
            products.withUnsafeMutableBufferPointer { products in
                cvectors_scan(block.codes, block.scales, rows, dimensions, query.codes, products.baseAddress)
            }
            for row in 0..<rows where products[row] > best.threshold {
                if let allowed, !allowed.contains(block.keys[row]) { continue }
                best.insert(Match(key: block.keys[row], similarity: products[row]))
            }
        }
        return best.sorted.map { Match(key: $0.key, similarity: $0.similarity * query.scale) }
    }
}

/// The matches with the largest similarities seen so far.
private struct BestMatches {
    let capacity: Int
    private var matches: [VectorTable.Match] = []
    /// A smaller similarity is not among the best.
    private(set) var threshold = -Float.infinity

    init(capacity: Int) {
        self.capacity = capacity
        matches.reserveCapacity(capacity * 2)
    }

    /// Twice as many as wanted are collected before the worse half goes: that costs less than a sorted list.
    mutating func insert(_ match: VectorTable.Match) {
        matches.append(match)
        guard matches.count >= capacity * 2 else { return }
        matches = Array(sorted)
        threshold = matches.last?.similarity ?? threshold
    }

    var sorted: ArraySlice<VectorTable.Match> {
        matches.sorted { $0.similarity > $1.similarity }.prefix(capacity)
    }
}
