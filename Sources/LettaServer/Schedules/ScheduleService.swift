import AgentEngine
import JSON
import LettaAPI
import Storage

/// The rules of scheduled messages: when they are due, and that they are valid.
struct ScheduleService: Sendable {
    let core: Core
    let runner: ScheduleRunner

    /// Those of all agents.
    func list(_ query: ListSchedules, as scope: Scope) async throws -> Page<ListedSchedule> {
        try await core.storage.read(as: scope) { db in
            let page = try ScheduleStore.page(of: nil, query, db)
            let names = try AgentStore.names(of: page.items.map(\.agentID).withoutDuplicates, db)
            return page.map { ListedSchedule($0, agentName: names[$0.agentID] ?? "") }
        }
    }

    func list(of agent: ID<AgentState>, _ query: ListSchedules, as scope: Scope) async throws -> Page<ScheduledMessage>
    {
        try await core.storage.read(as: scope) { db in
            guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
            return try ScheduleStore.page(of: agent, query, db)
        }
    }

    func create(_ body: CreateSchedule, for agent: ID<AgentState>, as scope: Scope) async throws -> NewSchedule {
        var message = ScheduledMessages(body.messages)
        message.callbackURL = body.callbackURL
        message.includeReturnMessageTypes = body.includeReturnMessageTypes
        message.maxSteps = body.maxSteps
        _ = try TurnRequest(SendMessages(message), to: agent, following: .later)
        let now = core.now()
        let id = core.ids.next(ScheduledMessage.self)
        let next = try await core.storage.write(as: scope) { [message] db -> Timestamp? in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            let schedule = try body.schedule.checked(zone: row.timezone)
            guard let next = schedule.firstTime(after: now) else {
                throw APIError.invalidField(
                    "cron_expression", "names no time within the next nine years",
                    input: schedule.cronExpression.map { .string($0) } ?? .null, path: ["schedule"])
            }
            try db.insert(
                ScheduleRow(
                    id: id, agentID: agent, message: Document(message), schedule: schedule, nextScheduledTime: next,
                    userID: scope.user, keyID: scope.key, createdAt: now, updatedAt: now),
                into: ScheduleStore.table)
            return next
        }
        runner.wake()
        return NewSchedule(id: id, nextScheduledAt: next)
    }

    func retrieve(
        _ id: ID<ScheduledMessage>, of agent: ID<AgentState>, as scope: Scope
    ) async throws -> ScheduledMessage {
        try await core.storage.read(as: scope) { db in try Self.row(id, of: agent, db).wire() }
    }

    func delete(_ id: ID<ScheduledMessage>, of agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.row(id, of: agent, db)
            try db.delete(id, from: ScheduleStore.table)
        }
    }

    private static func row(
        _ id: ID<ScheduledMessage>, of agent: ID<AgentState>, _ db: Transaction
    ) throws -> ScheduleRow {
        guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
        guard let row = try ScheduleStore.row(id, of: agent, db) else {
            throw APIError.notFound("Scheduled message", id)
        }
        return row
    }
}

extension SendMessages {
    init(_ message: ScheduledMessages) {
        self.init("")
        input = nil
        messages = message.messages.map(SentMessage.said)
        callbackURL = message.callbackURL
        includeReturnMessageTypes = message.includeReturnMessageTypes
        maxSteps = message.maxSteps
    }
}

extension MessageSchedule {
    /// The times that can be meant, in milliseconds since 1970: from 1973 to 5138. Others are in another unit.
    private static let milliseconds: Range<Double> = 100_000_000_000..<100_000_000_000_000

    /// The schedule with its type and the zone in which it is read.
    ///
    /// - Throws: `APIError` 422 naming the field.
    func checked(zone: String) throws -> MessageSchedule {
        var schedule = self
        switch type ?? .oneTime {
        case .oneTime:
            schedule.type = .oneTime
            schedule.cronExpression = nil
            schedule.timezone = nil
            guard let time = scheduledAt, Self.milliseconds.contains(time) else {
                let seconds = Self.milliseconds.lowerBound / 1_000..<Self.milliseconds.lowerBound
                let hint =
                    switch scheduledAt {
                    case .some(let time) where seconds.contains(time): "; this looks like seconds: multiply it by 1000"
                    case .some(let time) where time >= Self.milliseconds.upperBound:
                        "; this looks like microseconds or nanoseconds"
                    case .some(let time) where time < Self.milliseconds.lowerBound: "; this is a time in or near 1970"
                    default: ""
                    }
                throw APIError.invalidField(
                    "scheduled_at", "must be a time in milliseconds since 1970\(hint)",
                    input: scheduledAt.map { .double($0) } ?? .null, path: ["schedule"])
            }
        case .recurring:
            schedule.scheduledAt = nil
            let expression = cronExpression ?? ""
            do throws(CronExpression.Problem) {
                _ = try CronExpression(expression)
            } catch {
                throw APIError.invalidField(
                    "cron_expression", error.message, input: .string(expression), path: ["schedule"])
            }
            let zone = timezone ?? zone
            guard ZoneDatabase.system.isKnown(zone) else {
                throw APIError.invalidField(
                    "timezone", "must be a time zone such as Europe/Berlin", input: .string(zone), path: ["schedule"])
            }
            schedule.timezone = zone
        }
        return schedule
    }

    /// The time of a checked one-time schedule, which may be past; the next one of a recurring schedule.
    func firstTime(after time: Timestamp) -> Timestamp? {
        switch type ?? .oneTime {
        case .oneTime: scheduledAt.map { Timestamp(microseconds: Int64(($0 * 1_000).rounded())) }
        case .recurring: nextTime(after: time)
        }
    }

    /// The next time of a recurring schedule; nil for a one-time schedule.
    func nextTime(after time: Timestamp) -> Timestamp? {
        guard type == .recurring, let text = cronExpression, let expression = try? CronExpression(text),
            let next = expression.next(after: time.microseconds, zone: timezone ?? "UTC")
        else { return nil }
        return Timestamp(microseconds: next)
    }
}
