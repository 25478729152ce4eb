import AgentEngine
import LettaAPI

extension DayOrTime {
    /// The first and the last microsecond that is meant; in the time zone when none is written.
    func bounds(in zone: String) -> (first: Timestamp, last: Timestamp) {
        guard hasNoZone else { return (first, last) }
        func moment(_ local: Timestamp) -> Timestamp {
            Timestamp(microseconds: ZonedTime.microseconds(local: local.microseconds, zone: zone))
        }
        return (moment(first), moment(last))
    }
}
