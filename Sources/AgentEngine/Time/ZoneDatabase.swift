import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The machine's time zones by name: `/usr/share/zoneinfo`, each file read once.
///
/// A file is a few kilobytes and stays in memory, so reading it on the current thread costs less than leaving it. `UTC`
/// needs no file: a machine without the tz database knows that zone and no other.
package final class ZoneDatabase: Sendable {
    package static let system = ZoneDatabase(directory: "/usr/share/zoneinfo")

    private let directory: String
    /// Only existing zones, so that names made up by clients cannot fill it.
    private let known = Mutex<[String: ZoneFile]>(["UTC": .utc])

    package init(directory: String) {
        self.directory = directory
    }

    /// True when `name` is a valid time zone of an agent.
    package func isKnown(_ name: String) -> Bool {
        zone(named: name) != nil
    }

    func zone(named name: String) -> ZoneFile? {
        if let zone = known.withLock({ $0[name] }) { return zone }
        guard Self.isWellFormed(name), let bytes = readFile(directory + "/" + name),
            let zone = ZoneFile(bytes: bytes)
        else { return nil }
        known.withLock { $0[name] = zone }
        return zone
    }

    /// Names come from clients and become paths: only `Area/Place` of plain words is accepted, no dots, no empty parts.
    ///
    /// Zones begin with a capital. Other files in the directory (`posixrules`, `localtime`, `right/…` with leap
    /// seconds) do not.
    static func isWellFormed(_ name: String) -> Bool {
        guard name.utf8.count <= 64, let first = name.utf8.first,
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
        else { return false }
        return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy { byte in
                    byte.isASCIILetter || byte.decimalDigit != nil || "_-+".utf8.contains(byte)
                }
        }
    }

    private func readFile(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rbe") else { return nil }
        defer { fclose(file) }
        let limit = 1 << 17
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = fread(buffer.baseAddress, 1, limit, file)
        }
        return bytes.isEmpty ? nil : bytes
    }
}
