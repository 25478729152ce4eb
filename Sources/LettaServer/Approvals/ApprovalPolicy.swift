import LettaAPI

/// How long calls wait for an approval.
package struct ApprovalPolicy: Sendable {
    package var days = 7

    package init() {}

    /// When calls of this time, in microseconds, count as denied.
    func expiry(of createdAt: Int64) -> Timestamp {
        let (time, isTooLate) = createdAt.addingReportingOverflow(Int64(days) * 86_400_000_000)
        return Timestamp(microseconds: isTooLate ? .max : time)
    }
}
