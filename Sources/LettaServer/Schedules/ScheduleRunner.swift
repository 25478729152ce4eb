import LettaAPI
import Logging
import Storage
import Synchronization

/// Sends scheduled messages when their time has come. Each execution is a background run that is stored in the transaction
/// that sets the next time, so that it happens once. One whose server ended before the turn began is sent by the next.
///
/// A one-time message that is late is sent at once. Recurring ones that are later than ``tolerance`` are skipped.
final class ScheduleRunner: Sendable {
    /// How late a recurring message may be sent.
    static let tolerance = Duration.seconds(60)
    private static let batch = 64

    private struct State {
        /// The turns that may not have begun.
        var sent: [(control: TurnControl, scope: Scope)] = []
        /// Those of them that the end of the server cancels.
        var stopped: [(run: ID<Run>, scope: Scope)] = []
    }

    private let core: Core
    private let loop: WorkLoop
    private let state = Mutex(State())

    init(core: Core) {
        self.core = core
        loop = WorkLoop(core: core, failureNotice: "Scheduled messages are sent later")
    }

    func start(with turns: TurnService) {
        loop.start { [self] _ in try await send(with: turns) }
    }

    /// Says that a schedule is new.
    func wake() { loop.wake() }

    /// Sends nothing more. The next start of the server goes on.
    func stop() {
        loop.stop()
        state.withLock { state in
            state.stopped = state.sent.filter { !$0.control.log.isFinished && !$0.control.isCancelled }
                .map { ($0.control.run, $0.scope) }
            state.sent = []
        }
    }

    /// Stops, and waits for a message that is being sent. Leaves those to the next start whose turns were cancelled before
    /// they began.
    func close() async {
        await loop.close()
        for (run, scope) in state.withLock({ $0.stopped }) {
            do {
                try await core.storage.write(as: scope) { db in
                    guard try RunStore.run(run, db)?.status == .cancelled else { return }
                    _ = try ScheduleStore.takeBack(run, db)
                }
            } catch {
                core.logger.error(
                    "A scheduled message was cancelled by the end of the server",
                    metadata: ["run.id": "\(run)", "error": "\(error)"])
            }
        }
    }

    private func send(with turns: TurnService) async throws -> WorkLoop.Finding {
        let now = core.now()
        let (due, next) = try await core.storage.read { db in
            (try ScheduleStore.due(at: now, limit: Self.batch, db), try ScheduleStore.nextTime(db))
        }
        if due.isEmpty { return .nothing(until: next) }
        var isRefused = false
        for schedule in due { isRefused = try await !send(schedule, at: now, with: turns) || isRefused }
        return isRefused ? .refused : .more
    }

    /// - Returns: false when it has to be tried again.
    private func send(_ due: ScheduleStore.Due, at now: Timestamp, with turns: TurnService) async throws -> Bool {
        let row = due.row
        let scope = Scope(organization: due.organization, user: row.userID, key: row.keyID)
        let time = row.nextScheduledTime
        let late = Duration.microseconds(now.microseconds - (time ?? now).microseconds)
        let isMissed = row.schedule.type == .recurring && late > Self.tolerance
        // Of several that were missed, the last may be of this minute.
        let earliest = Timestamp(microseconds: now.microseconds - Self.tolerance.components.seconds * 1_000_000)
        let next = row.schedule.nextTime(after: isMissed ? earliest : now)
        @Sendable func advance(_ run: Run?, _ db: Transaction) throws {
            guard try ScheduleStore.advance(row.id, from: time, to: next, run: run?.id, at: now, db) else {
                throw ScheduleIsGone()
            }
        }
        do {
            if isMissed {
                core.logger.notice("A scheduled message was missed", metadata: ["schedule.id": "\(row.id)"])
                try await core.storage.write(as: scope) { db in try advance(nil, db) }
                return true
            }
            let request = try TurnRequest(SendMessages(row.message.content()), to: row.agentID, following: .later)
            let (_, control) = try await turns.acceptOwn(request, as: scope, noting: advance)
            state.withLock { state in
                state.sent.removeAll { $0.control.log.isFinished }
                state.sent.append((control, scope))
            }
        } catch is ScheduleIsGone {
            // It was deleted meanwhile.
        } catch let error as APIError where error.status != 503 {
            core.logger.error(
                "A scheduled message can't be sent", metadata: ["schedule.id": "\(row.id)", "error": "\(error)"])
            _ = try? await core.storage.write(as: scope) { db in try advance(nil, db) }
        } catch let error as APIError {
            core.logger.notice(
                "A scheduled message is sent later", metadata: ["schedule.id": "\(row.id)", "error": "\(error)"])
            return false
        }
        return true
    }
}

/// The schedule was deleted before its run began.
private struct ScheduleIsGone: Error {}
