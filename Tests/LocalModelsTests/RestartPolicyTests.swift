import Testing

@testable import LocalModels

@Suite(.timeLimit(.minutes(5))) struct RestartPolicyTests {
    @Test func startsAtOnceWhereNothingFailed() {
        var policy = RestartPolicy()
        #expect(policy.next(at: .seconds(5)) == .now)
    }

    @Test func waitsTwiceAsLongAfterEachFailure() {
        var policy = RestartPolicy()
        var time = Duration.seconds(100)
        for delay in [1, 2, 4, 8] {
            policy.failed(at: time)
            #expect(policy.next(at: time) == .wait(.seconds(delay)))
            time += .seconds(delay)
            #expect(policy.next(at: time) == .now)
        }
    }

    @Test func waitsOnlyForTheRestOfTheDelay() {
        var policy = RestartPolicy()
        policy.failed(at: .seconds(10))
        policy.failed(at: .seconds(11))
        #expect(policy.next(at: .milliseconds(12_500)) == .wait(.milliseconds(500)))
    }

    @Test func givesUpAfterFiveFailuresAndTriesAgainWhenTheyAreOld() {
        var policy = RestartPolicy()
        for second in 0..<5 { policy.failed(at: .seconds(second)) }
        #expect(policy.next(at: .seconds(500)) == .giveUp)
        #expect(policy.next(at: .seconds(599)) == .giveUp)
        #expect(policy.next(at: .seconds(600)) == .now)
    }
}
