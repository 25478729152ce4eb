import Storage

extension Migration {
    /// What each step cost at the prices of its time, and the spans of a run that are of none of its stored steps.
    static let costsAndRunSpans = Migration(number: 46, name: "costs of steps and spans of runs") { _ in
        ["ALTER TABLE step ADD COLUMN cost DOUBLE PRECISION", "ALTER TABLE run ADD COLUMN spans TEXT"]
    }
}
