package import CoreMetrics
import Synchronization

/// A metrics backend that exposes Prometheus' text format.
///
/// Timers and aggregating recorders are histograms with fixed buckets (timers in seconds); other recorders and meters
/// are gauges. The number of series is bounded; further ones are only counted, in `metrics_series_dropped`.
package final class PrometheusMetrics: MetricsFactory {
    struct Series: Hashable {
        var name: String
        var labels: String
    }

    private struct State {
        var counters: [Series: CounterCell] = [:]
        var gauges: [Series: GaugeCell] = [:]
        var histograms: [Series: HistogramCell] = [:]
        var dropped = 0

        var count: Int { counters.count + gauges.count + histograms.count }
    }

    private let state = Mutex(State())
    private let capacity: Int

    package init(capacity: Int = 8192) {
        self.capacity = capacity
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(\.counters, label, dimensions) { CounterCell() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(\.gauges, label, dimensions) { GaugeCell() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate { return cell(\.histograms, label, dimensions) { HistogramCell(bounds: HistogramCell.sizes) } }
        return cell(\.gauges, label, dimensions) { GaugeCell() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(\.histograms, label, dimensions) { HistogramCell(bounds: HistogramCell.seconds) }
    }

    // Cells outlive their handlers: a later scrape still has to show them.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func cell<Cell: Sendable>(
        _ cells: any WritableKeyPath<State, [Series: Cell]> & Sendable, _ label: String,
        _ dimensions: [(String, String)], _ make: @Sendable () -> Cell
    ) -> Cell {
        let series = Series(name: Self.name(label), labels: Self.labels(dimensions))
        return state.withLock { state in
            if let known = state[keyPath: cells][series] { return known }
            let new = make()
            if state.count < capacity {
                state[keyPath: cells][series] = new
            } else {
                state.dropped += 1
            }
            return new
        }
    }

    /// All series, sorted, in the text format, version 0.0.4.
    package var exposition: String {
        let (counters, gauges, histograms, dropped) = state.withLock {
            ($0.counters, $0.gauges, $0.histograms, $0.dropped)
        }
        var text = ""
        Self.each(counters, "counter", &text) { series, cell, text in
            text += "\(series.name)\(Self.braced(series.labels)) \(cell.value)\n"
        }
        Self.each(gauges, "gauge", &text) { series, cell, text in
            text += "\(series.name)\(Self.braced(series.labels)) \(cell.value)\n"
        }
        Self.each(histograms, "histogram", &text) { series, cell, text in
            cell.write(series.name, series.labels, to: &text)
        }
        return text + "# TYPE metrics_series_dropped gauge\nmetrics_series_dropped \(dropped)\n"
    }

    private static func each<Cell>(
        _ cells: [Series: Cell], _ type: String, _ text: inout String,
        _ write: (Series, Cell, inout String) -> Void
    ) {
        var last = ""
        let sorted = cells.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        for (series, cell) in sorted {
            if series.name != last { text += "# TYPE \(series.name) \(type)\n" }
            last = series.name
            write(series, cell, &text)
        }
    }

    static func braced(_ labels: String) -> String {
        labels.isEmpty ? "" : "{\(labels)}"
    }

    private static func name(_ label: String) -> String {
        String(
            String.UnicodeScalarView(
                label.unicodeScalars.map { scalar in
                    switch scalar {
                    case "a"..."z", "A"..."Z", "0"..."9", "_", ":": scalar
                    default: "_"
                    }
                }))
    }

    private static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.map { key, value in
            var escaped = ""
            for character in value.unicodeScalars {
                switch character {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                default: escaped.unicodeScalars.append(character)
                }
            }
            return "\(name(key))=\"\(escaped)\""
        }.joined(separator: ",")
    }
}
