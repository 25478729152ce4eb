import LettaAPI
import Testing

@testable import LettaServer

@Suite(.timeLimit(.minutes(5))) struct IDTests {
    @Test func `an id is a uuid of version 4 that begins with its time`() throws {
        let times: [Int64] = [0, 1, 999, 1000, 1_764_100_000_123_456, 1_764_100_000_124_455, 1_764_100_000_124_456]
        let ids = times.map { IDSource.uuid(at: Timestamp(microseconds: $0)) }
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(ids.allSatisfy { $0.wholeMatch(of: form) != nil }, "\(ids)")
        #expect(ids.map { $0.prefix(18) } == ids.map { $0.prefix(18) }.sorted(), "in the order of their times")
        #expect(Set(ids.map { $0.prefix(18) }).count == times.count)
    }

    @Test func `a clock before 1970 makes ids all the same`() {
        for microseconds in [-1, -62_135_596_800_000_000, Int64.min] {
            let id = IDSource.uuid(at: Timestamp(microseconds: microseconds))
            #expect(id.hasPrefix("00000000-0000-4000-") && id.utf8.count == 36)
        }
    }

    @Test func `ids of one time differ`() {
        let ids = (0..<1000).map { _ in IDSource.uuid(at: Timestamp(microseconds: 7)) }
        #expect(Set(ids).count == 1000)
    }
}
