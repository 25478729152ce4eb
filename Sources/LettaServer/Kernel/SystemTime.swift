import FoundationEssentials
import LettaAPI

extension Timestamp {
    static var now: Timestamp {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)).clamped
    }
}
