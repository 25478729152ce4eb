import Configuration
import HTTPKit
import LettaAPI
import ModelProviders

extension ServerConfiguration {
    /// Where spans are sent, from the variables that OpenTelemetry names; nil for nowhere.
    static func spanDestination(_ environment: ConfigReader) throws -> SpanDestination? {
        func text(_ key: ConfigKey) -> String? { environment.string(forKey: key).flatMap { $0.isEmpty ? nil : $0 } }
        let url: String
        if let full = text("otel.exporter.otlp.traces.endpoint") {
            url = full
        } else if let base = text("otel.exporter.otlp.endpoint") {
            url = base.hasSuffix("/") ? "\(base)v1/traces" : "\(base)/v1/traces"
        } else {
            return nil
        }
        do {
            _ = try EgressAddress(url)
        } catch {
            throw StartUpFailure.invalidSetting("OTEL_EXPORTER_OTLP_ENDPOINT is '\(url)'; it \(error.reason).")
        }
        var destination = SpanDestination(url: url)
        destination.serviceName = text("otel.service.name") ?? destination.serviceName
        if let headers = secret("otel.exporter.otlp.headers", environment)?.reveal() {
            destination.headers = try headers.split(separator: ",").map(header)
        }
        return destination
    }

    /// `name=value`, of which the value may be percent-encoded.
    private static func header(_ text: Substring) throws -> (name: String, value: String) {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            // Not the text: it may be a secret.
            throw StartUpFailure.invalidSetting("OTEL_EXPORTER_OTLP_HEADERS takes name=value, separated by commas.")
        }
        let name = String(text[..<sign]).filter { $0 != " " }
        let value = text[text.index(after: sign)...]
        return (name, PercentCoding.decode(value))
    }
}
