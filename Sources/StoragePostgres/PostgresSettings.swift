import CLibPQ
import Storage

/// Turns a database URI, in any spelling users have, into the parameters of libpq.
///
/// Understood are `postgres://` and `postgresql://`, with a driver behind a plus sign
/// (`postgresql+asyncpg://`), and `ssl=` for `sslmode=`. Parameters libpq does not know belong to other
/// drivers and are dropped. Everything else is libpq's own reading: several hosts, `?host=/folder/of/socket`, …
struct PostgresSettings: Sendable, Hashable {
    /// libpq's keywords and values. Holds the password: never logged.
    let parameters: [String: String]

    init(uri: String) throws(SQLFailure) {
        guard let schemeEnd = uri.firstRange(of: "://") else { throw Self.notUnderstood("it has no scheme") }
        let scheme = uri[..<schemeEnd.lowerBound].split(separator: "+", maxSplits: 1).first?.lowercased()
        guard scheme == "postgresql" || scheme == "postgres" else {
            throw Self.notUnderstood("its scheme is not postgresql")
        }
        let rest = uri[schemeEnd.upperBound...]
        let queryStart = rest.firstIndex(of: "?") ?? rest.endIndex
        let query = try Self.libpqQuery(rest[queryStart...].dropFirst())
        let given = try Self.parse("postgresql://\(rest[..<queryStart])\(query)")
        // libpq would find out later and quote it: the password, when that holds an unescaped "/".
        for port in (given["port"] ?? "").split(separator: ",") where UInt16(port) == nil {
            throw Self.notUnderstood("the port is no number; are special characters percent-encoded?")
        }
        parameters = Self.withDefaults(try Self.onPrimary(given))
    }

    /// With several hosts, takes the one that accepts writes: a read from a replica may miss what was just written.
    private static func onPrimary(_ given: [String: String]) throws(SQLFailure) -> [String: String] {
        guard [given["host"], given["hostaddr"]].contains(where: { $0?.contains(",") == true }) else { return given }
        let wanted = given["target_session_attrs"] ?? "read-write"
        guard ["read-write", "primary"].contains(wanted) else {
            throw SQLFailure(
                .other,
                """
                the PostgreSQL URI names several hosts with target_session_attrs=\(wanted): reads from a replica may be \
                stale; use read-write or primary
                """)
        }
        return given.merging(["target_session_attrs": wanted]) { $1 }
    }

    private static func notUnderstood(_ reason: String) -> SQLFailure {
        // Without the URI itself, which may hold a password.
        SQLFailure(.other, "the PostgreSQL URI is not understood: \(reason)")
    }

    private static func libpqQuery(_ query: Substring) throws(SQLFailure) -> String {
        let known = knownKeywords()
        var kept: [String] = []
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            if parts[0] == "ssl" {
                kept.append("sslmode=\(try sslMode(value))")
            } else if known.contains(String(parts[0])) {
                kept.append(String(pair))
            }
        }
        return kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
    }

    private static func sslMode(_ value: String) throws(SQLFailure) -> String {
        switch value.lowercased() {
        case "true", "1", "on", "yes": return "require"
        case "false", "0", "off", "no": return "disable"
        case "disable", "allow", "prefer", "require", "verify-ca", "verify-full": return value.lowercased()
        default: throw notUnderstood("ssl is none of disable, allow, prefer, require, verify-ca, verify-full")
        }
    }

    private static func knownKeywords() -> Set<String> {
        guard let options = PQconndefaults() else { return [] }
        defer { PQconninfoFree(options) }
        return Set(keywords(in: options).keys)
    }

    private static func parse(_ uri: String) throws(SQLFailure) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(uri, &message) else {
            defer { PQfreemem(message) }
            // libpq quotes a part of the URI, which is the password when that holds an unescaped "@" or "/".
            throw notUnderstood("libpq can not read it; are special characters percent-encoded?")
        }
        defer { PQconninfoFree(options) }
        return keywords(in: options).compactMapValues(\.self)
    }

    private static func keywords(in options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String?] {
        var found: [String: String?] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            found.updateValue(option.pointee.val.map { String(cString: $0) }, forKey: String(cString: keyword))
            option += 1
        }
        return found
    }

    private static func withDefaults(_ given: [String: String]) -> [String: String] {
        var parameters: [String: String] = [
            "application_name": "letta-server",
            "connect_timeout": "10",
            // A peer that vanished without a word is noticed after a minute instead of two hours.
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
            "tcp_user_timeout": "60000",
        ]
        parameters.merge(given) { _, theirs in theirs }
        parameters["client_encoding"] = "UTF8"
        // The last one counts: what the URI says wins over our timeouts, not over how values are written.
        parameters["options"] = [
            "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=10000",
            // The server ends the session of a client that vanished, and so frees its locks, as soon as we notice.
            "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3", given["options"] ?? "",
            "-c bytea_output=hex -c extra_float_digits=1 -c standard_conforming_strings=on",
        ].joined(separator: " ")
        return parameters
    }
}
