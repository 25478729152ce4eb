import Storage

extension Migration {
    /// The spans of steps, which are kept as long as their traces.
    static let spans = Migration(number: 35, name: "spans") { _ in
        ["ALTER TABLE provider_trace ADD COLUMN spans TEXT"]
    }
}
