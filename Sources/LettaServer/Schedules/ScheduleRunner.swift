import LettaAPI
import Logging
import Storage

/// Sends scheduled messages when their time has come. Each execution is a background run that is stored in the transaction
/// that sets the next time, so that it happens once.
///
/// A one-time message that is late is sent at once. A recurring one that is later than ``tolerance`` is skipped.
final class ScheduleRunner: Sendable {
    /// How late a recurring message may be sent.
    static let tolerance = Duration.seconds(60)
    private static let batch = 64

    private let core: Core
    private let loop: WorkLoop

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
    func stop() { loop.stop() }

    /// Stops, and waits for a message that is being sent.
    func close() async { await loop.close() }

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
        let (time, next) = (row.nextScheduledTime, row.schedule.nextTime(after: now))
        @Sendable func advance(_ db: Transaction) throws {
            guard try ScheduleStore.advance(row.id, from: time, to: next, at: now, db) else { throw ScheduleIsGone() }
        }
        let late = Duration.microseconds(now.microseconds - (time ?? now).microseconds)
        do {
            if row.schedule.type == .recurring, late > Self.tolerance {
                core.logger.notice("A scheduled message was missed", metadata: ["schedule.id": "\(row.id)"])
                try await core.storage.write(as: scope) { db in try advance(db) }
                return true
            }
            let request = try TurnRequest(SendMessages(row.message.content()), to: row.agentID, following: .later)
            _ = try await turns.acceptOwn(request, as: scope, noting: { _, db in try advance(db) })
        } catch is ScheduleIsGone {
            // It was deleted meanwhile.
        } catch let error as APIError where error.status != 503 {
            core.logger.error(
                "A scheduled message can't be sent", metadata: ["schedule.id": "\(row.id)", "error": "\(error)"])
            _ = try? await core.storage.write(as: scope) { db in try advance(db) }
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
