import AgentEngine
import JSON
import LettaAPI
import Storage

/// How a turn begins once its messages are stored.
indirect enum TurnBeginning: Sendable {
    /// The model is called.
    case model
    /// The calls of a message are run, or have been run by the client.
    case resume(TurnMessage, [ApprovalDecision])
    /// The request repeats one that has been answered: this is its answer.
    case replay([TurnMessage], TurnStop)

    /// Whether the agent works.
    var isTurn: Bool { if case .replay = self { false } else { true } }
}

extension TurnOpener {
    /// Decides what a turn stores first and how it begins.
    ///
    /// - Throws: `APIError` 409 for a message to an agent that waits for a client, 400 for answers to other calls.
    func begin(
        _ request: TurnRequest, _ run: Run, _ rows: inout TurnRows, at time: Timestamp, _ db: Transaction
    ) throws {
        let end = try rows.endOfContext()
        var said = request.messages(runID: run.id, at: request.answer?.saidAt ?? time, ids: core.ids)
        let pending = PendingApproval(atEnd: end)
        if request.answers.isEmpty, let expired = pending, approvals.expiry(of: expired.message.createdAt) <= time {
            let reason = "Nobody answered within \(approvals.days) day\(approvals.days == 1 ? "" : "s")."
            said.insert(
                expired.closing(because: reason, id: core.ids.next(Message.self).rawValue, at: time), at: 0)
            try WaitingApprovalStore.remove(expired.message.id, of: request.thread, db)
            rows.new = said
            return
        }
        if request.answers.isEmpty {
            if let pending { throw pending.conflict }
            let closed = closing(end, at: time)
            if let failed = request.failedRun, try rows.end(with: failed, closed: !closed.isEmpty) {
                // The model has these messages in its context; it is not shown them twice.
                try MessageStore.moveGiven(from: failed, to: run.id, of: request.agent, db)
                rows.new = closed
            } else if let failed = request.failedRun, request.given.isEmpty {
                throw APIError.conflict(
                    "Run \(failed) left nothing at the end of the context to go on from. Send a message instead.")
            } else {
                rows.new = closed + said
            }
        } else if let pending, let decisions = pending.decisions(request.answers) {
            let answer = TurnMessage(
                id: core.ids.next(Message.self).rawValue, role: .tool, parts: request.answers.map { .approval($0) },
                runID: run.id.rawValue, createdAt: time.microseconds)
            rows.new = [answer] + said
            rows.beginning = .resume(pending.message, decisions)
            try WaitingApprovalStore.remove(pending.message.id, of: request.thread, db)
        } else if let before = try Self.repeated(request.answers, in: rows) {
            let interrupted = closing(end, at: time)
            if pending == nil, !interrupted.isEmpty {
                // The server was stopped before the results were stored: the model reads so, and goes on.
                rows.new = interrupted + said
            } else if pending == nil, end.contains(where: { $0.id == before.id }), try before.runFailed(db) {
                // The results are stored, but no model has answered them.
                rows.new = said
            } else {
                rows.beginning = try Self.replay(before, db)
            }
        } else {
            throw pending?.mismatch(request.answers) ?? PendingApproval.nothingWaits
        }
    }

    /// Results for the calls that an interrupted turn left open: those that the client sent, and errors.
    private func closing(_ end: [TurnMessage], at time: Timestamp) -> [TurnMessage] {
        let decisions = end.flatMap(\.approvals)
        return HistoryRepair.openCalls(in: end).map { open in
            var message = HistoryRepair.closing(
                open.calls, id: core.ids.next(Message.self).rawValue, stepID: nil, runID: nil,
                createdAt: time.microseconds)
            for (index, call) in open.calls.enumerated() {
                guard let decision = decisions.first(where: { $0.callID == call.id || $0.callID == open.messageID })
                else { continue }
                if let given = decision.toolReturn {
                    message.parts[index] = .toolReturn(given)
                } else if call.needsApproval, !decision.approves {
                    message.parts[index] = .toolReturn(.denied(call.id, because: decision.reason))
                }
            }
            return message
        }
    }

    /// The stored message with the same answers; nil when there is none in the context.
    private static func repeated(_ answers: [ApprovalDecision], in rows: TurnRows) throws -> TurnMessage? {
        let wanted = Set(answers.map(\.callID))
        for row in rows.messages.reversed() {
            let message = try row.message()
            let decisions = message.approvals
            if !decisions.isEmpty, Set(decisions.map(\.callID)) == wanted { return message }
        }
        return nil
    }

    private static func replay(_ answer: TurnMessage, _ db: Transaction) throws -> TurnBeginning {
        guard let id = answer.runID else { return .replay([], .endTurn) }
        let said = try MessageListStore.rows(of: ID(id), db).map { try $0.turnMessage() }
            .filter { $0.role == .assistant || $0.role == .tool }
        let stop = try RunStore.run(ID(id), db)?.stopReason.flatMap { TurnStop(rawValue: $0.rawValue) }
        return .replay(said, stop ?? .endTurn)
    }
}

extension TurnRunner {
    /// The first actions of a turn.
    func begin(_ turn: RunningTurn, _ identity: StepIdentity) -> [StepAction] {
        switch turn.state.beginning {
        case .model:
            return turn.machine.receive(.start(identity))
        case .resume(let pending, let decisions):
            turn.beginResumed(pending, at: core.now())
            return turn.machine.receive(.resume(pending: pending, decisions: decisions, identity))
        case .replay(let messages, let stop):
            let speech = turn.state.plan.speech
            let entries = messages.flatMap { WireMessage.entries(of: $0, for: .answer, speech: speech) }
            return entries.map { .emit(.message($0)) } + [.finish(TurnEnd(stop: stop, usage: TurnUsage()))]
        }
    }
}

extension TurnMessage {
    /// Whether the run that stored it ended with an error.
    fileprivate func runFailed(_ db: Transaction) throws -> Bool {
        guard let runID, let run = try RunStore.run(ID(runID), db) else { return false }
        return run.status == .failed
    }
}

extension TurnFailure {
    /// Why a turn can't begin while its agent waits for a client; nil for other errors.
    init?(refusal error: any Error) {
        guard let error = error as? APIError, case .pendingApproval(let text, _) = error.body else { return nil }
        self.init(type: "internal_error", message: text, detail: text, status: error.status)
    }
}

extension TurnControl {
    /// Shows in a stream that a turn could not begin, where the peer does so instead of refusing the request.
    ///
    /// - Returns: whether the error is of that kind.
    func emit(refusal error: any Error) -> Bool {
        guard let failure = TurnFailure(refusal: error) else { return false }
        emit(TurnEnd(stop: .error, usage: TurnUsage(), failure: failure))
        log.finish()
        return true
    }
}
