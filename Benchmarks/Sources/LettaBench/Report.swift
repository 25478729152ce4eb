/// The table of what was measured and what it may be.
struct Report {
    private enum Limit {
        case atMost(Double)
        case atLeast(Double)

        var text: String {
            switch self {
            case .atMost(let value): "at most \(value.short)"
            case .atLeast(let value): "at least \(value.short)"
            }
        }
    }

    private struct Line {
        var name: String
        var value: Double
        var limit: Limit
        var unit: String
        var note: String

        /// What is no number is not kept either.
        var isKept: Bool {
            switch limit {
            case .atMost(let limit): value <= limit
            case .atLeast(let limit): value >= limit
            }
        }
    }

    private var lines: [Line] = []

    mutating func add(_ name: String, _ value: Double, limit: Double, _ unit: String, _ note: String = "") {
        lines.append(Line(name: name, value: value, limit: .atMost(limit), unit: unit, note: note))
    }

    mutating func add(_ name: String, _ value: Double, atLeast limit: Double, _ unit: String, _ note: String = "") {
        lines.append(Line(name: name, value: value, limit: .atLeast(limit), unit: unit, note: note))
    }

    /// Prints everything and tells whether every limit is kept.
    func printed() -> Bool {
        let width = lines.map(\.name.count).max() ?? 0
        for line in lines {
            let verdict = line.isKept ? "ok    " : "MISSED"
            let name = line.name + String(repeating: " ", count: width - line.name.count)
            print("\(verdict)  \(name)  \(line.value.short) \(line.unit) (\(line.limit.text))  \(line.note)")
        }
        let missed = lines.filter { !$0.isKept }
        for line in missed {
            print("missed: \(line.name): \(line.value.short) \(line.unit), \(line.limit.text)")
        }
        return missed.isEmpty
    }
}

extension Double {
    /// With as many digits as mean anything here.
    var short: String {
        guard isFinite else { return "no number" }
        let scaled = (self * (self < 10 ? 100 : self < 100 ? 10 : 1)).rounded()
        return self < 10 ? "\(scaled / 100)" : self < 100 ? "\(scaled / 10)" : "\(Int(scaled))"
    }
}

extension [Double] {
    var median: Double { sorted()[count / 2] }

    /// The lowest median of `length` values in a row: what is left where nothing else was at work on the machine.
    func quietest(_ length: Int) -> Double {
        stride(from: 0, through: count - length, by: length).map { Array(self[$0..<($0 + length)]).median }.min()
            ?? .nan
    }
}
