import JSON
import LettaAPI
import Logging
import Storage
import Synchronization

/// Copies an SQLite database again and again, and deletes older copies of its own. One server has such a database.
///
/// When the next copy is due is told from the database, so that a restart changes nothing; one that fell due meanwhile is
/// made at once.
final class BackupScheduler: Sendable {
    /// What the configuration says; it goes before what clients set.
    struct Settings: Sendable {
        /// `LETTA_BACKUP_EVERY`, in hours.
        var everyHours: Int?
        /// `LETTA_BACKUP_KEEP`.
        var keep: Int?
    }

    static let mostHours = 8_760
    static let mostKept = 1_000
    private static let keptByDefault = 7
    /// The time until a copy that failed is tried again.
    private static let pause: Int64 = 600_000_000
    /// The same while another copy is made or checked.
    private static let shortPause: Int64 = 60_000_000
    private static let hour: Int64 = 3_600_000_000

    private let core: Core
    let backups: BackupService
    private let settings: Settings
    private let loop: WorkLoop
    /// The last failure, where the database took no note of it: on a full disk, say.
    private let failure = Mutex<(at: Timestamp, error: String)?>(nil)

    init(core: Core, backups: BackupService, settings: Settings) {
        self.core = core
        self.backups = backups
        self.settings = settings
        loop = WorkLoop(core: core, failureNotice: "Scheduled backups are tried again")
    }

    func start() {
        guard core.storage.dialect == .sqlite else { return }
        loop.start { [self] _ in try await work() }
    }

    /// Makes nothing more, and waits for a copy that is being made.
    func close() async { await loop.close() }

    // MARK: Requests

    func schedule() async throws -> BackupSchedule { schedule(of: try await state()) }

    /// - Throws: `APIError` 400 where the data are not in SQLite, 409 where the configuration sets the schedule.
    func update(_ change: UpdateBackupSchedule) async throws -> BackupSchedule {
        try backups.checkEngine()
        guard settings.everyHours == nil else {
            throw APIError.conflict("The server's configuration sets the schedule: LETTA_BACKUP_EVERY")
        }
        try Self.check("every_hours", change.everyHours.value, most: Self.mostHours)
        try Self.check("keep", change.keep.value, most: Self.mostKept)
        failure.withLock { $0 = nil }
        let state = try await core.storage.write { db in
            var state = try BackupScheduleStore.state(db)
            change.everyHours.apply(to: &state.everyHours)
            change.keep.apply(to: &state.keep)
            state.failedAt = nil
            state.error = nil
            try BackupScheduleStore.set(state, db)
            return state
        }
        loop.wake()
        return schedule(of: state)
    }

    private static func check(_ name: String, _ value: Int?, most: Int) throws {
        guard let value, !(1...most).contains(value) else { return }
        throw APIError.invalidField(name, "must be a whole number from 1 to \(most)", input: .int(Int64(value)))
    }

    // MARK: Work

    private func work() async throws -> WorkLoop.Finding {
        let (state, now) = (try await state(), core.now())
        guard let next = next(after: state) else { return .nothing(until: nil) }
        guard next <= now else { return .nothing(until: next) }
        do {
            let backup = try await backups.make(.scheduled)
            try await note { state in
                state.lastAt = now
                state.failedAt = nil
                state.error = nil
            }
            failure.withLock { $0 = nil }
            core.logger.info("Made a scheduled backup", metadata: ["backup.name": "\(backup.name)"])
            try await backups.deleteScheduled(keeping: keep(state))
            return .more
        } catch let error as APIError where error.status == 409 {
            return .nothing(until: Timestamp(microseconds: now.microseconds + Self.shortPause))
        } catch {
            if Task.isCancelled { throw error }
            await fail(error, at: now)
            return .nothing(until: Timestamp(microseconds: now.microseconds + Self.pause))
        }
    }

    private func fail(_ error: any Error, at time: Timestamp) async {
        let text = (error as? APIError)?.explanation ?? "\(error)"
        core.logger.error("A scheduled backup failed", metadata: ["error": "\(text)"])
        do {
            try await note { state in
                state.failedAt = time
                state.error = text
            }
            failure.withLock { $0 = nil }
        } catch {
            failure.withLock { $0 = (time, text) }
            core.logger.error("The failure of a backup could not be stored", metadata: ["error": "\(error)"])
        }
    }

    private func note(_ change: @escaping @Sendable (inout BackupScheduleStore.State) -> Void) async throws {
        try await core.storage.write { db in
            var state = try BackupScheduleStore.state(db)
            change(&state)
            try BackupScheduleStore.set(state, db)
        }
    }

    // MARK: State

    private func state() async throws -> BackupScheduleStore.State {
        var state = try await core.storage.read { db in try BackupScheduleStore.state(db) }
        if let failure = failure.withLock({ $0 }) { (state.failedAt, state.error) = (failure.at, failure.error) }
        return state
    }

    private func schedule(of state: BackupScheduleStore.State) -> BackupSchedule {
        var schedule = BackupSchedule(
            everyHours: settings.everyHours ?? state.everyHours, keep: keep(state),
            isFixed: settings.everyHours != nil || core.storage.dialect != .sqlite)
        schedule.nextAt = next(after: state)
        schedule.lastAt = state.lastAt
        schedule.failedAt = state.failedAt
        schedule.error = state.error
        return schedule
    }

    private func keep(_ state: BackupScheduleStore.State) -> Int {
        (settings.everyHours == nil ? state.keep : nil) ?? settings.keep ?? Self.keptByDefault
    }

    /// Nil where no copies are made.
    private func next(after state: BackupScheduleStore.State) -> Timestamp? {
        guard let hours = settings.everyHours ?? state.everyHours else { return nil }
        let due = state.lastAt.map { $0.microseconds + Int64(hours) * Self.hour } ?? core.now().microseconds
        let retry = state.failedAt.map { $0.microseconds + Self.pause } ?? due
        return Timestamp(microseconds: max(due, retry))
    }
}
