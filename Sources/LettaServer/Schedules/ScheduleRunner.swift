import EventStreams
import LettaAPI
import Logging
import Storage
import Synchronization

/// Sends scheduled messages when their time has come. Each execution is a background run that is stored in the transaction
/// that sets the next time, so that it happens once.
///
/// A one-time message that is late is sent at once. A recurring one that is later than ``tolerance`` is skipped.
final class ScheduleRunner: TaskOwner, Sendable {
    /// How late a recurring message may be sent.
    static let tolerance = Duration.seconds(60)
    /// The longest sleep: the system's time may be set meanwhile.
    static let longestSleep = Duration.seconds(60)
    private static let batch = 64

    private struct State {
        var working: Task<Void, Never>?
        var pause: Task<Void, any Error>?
        var isWoken = false
        var isClosing = false
    }

    private let core: Core
    private let ends: RunEnds
    private let state = Mutex(State())
    private let turns = Mutex<TurnService?>(nil)

    init(core: Core, ends: RunEnds) {
        self.core = core
        self.ends = ends
    }

    func start(with turns: TurnService) {
        self.turns.withLock { $0 = turns }
        wake()
    }

    /// Says that a schedule is new.
    func wake() {
        guard core.leads else { return }
        state.withLock { state in
            guard !state.isClosing else { return }
            state.isWoken = true
            state.pause?.cancel()
            if state.working == nil {
                // The request that wakes this is no part of what follows.
                state.working = Task { [self] in await TraceContext.$current.withValue(nil) { await work() } }
            }
        }
    }

    /// Sends nothing more. The next start of the server goes on.
    func close() async {
        let task = state.withLock { state in
            state.isClosing = true
            state.pause?.cancel()
            return state.working
        }
        task?.cancel()
        await task?.value
    }

    private func work() async {
        while !Task.isCancelled {
            state.withLock { $0.isWoken = false }
            do {
                let now = core.now()
                let (due, next) = try await core.storage.read { db in
                    (try ScheduleStore.due(at: now, limit: Self.batch, db), try ScheduleStore.nextTime(db))
                }
                if due.isEmpty {
                    guard await rest(from: now, until: next) else { return }
                }
                var isRefused = false
                for schedule in due { isRefused = try await !send(schedule, at: now) || isRefused }
                if isRefused { guard await ends.pause() else { return } }
            } catch {
                if Task.isCancelled { return }
                core.logger.error("Scheduled messages are sent later", metadata: ["error": "\(error)"])
                guard await ends.pause() else { return }
            }
        }
    }

    /// Waits until a message is due, or for ``wake()``.
    ///
    /// - Returns: false when nothing will be due.
    private func rest(from now: Timestamp, until next: Timestamp?) async -> Bool {
        let pause = state.withLock { state -> Task<Void, any Error>?? in
            if state.isWoken { return .some(nil) }
            guard let next, !state.isClosing else {
                state.working = nil
                return nil
            }
            let time = Duration.microseconds(max(0, next.microseconds - now.microseconds))
            state.pause = Task { [clock = core.clock] in try await clock.sleep(for: min(time, Self.longestSleep)) }
            return state.pause
        }
        guard let pause else { return false }
        // It fails only when somebody wakes this.
        _ = try? await pause?.value
        return true
    }

    /// - Returns: false when it has to be tried again.
    private func send(_ due: ScheduleStore.Due, at now: Timestamp) async throws -> Bool {
        guard let turns = turns.withLock({ $0 }) else { return true }
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
