import ModelProviders

/// Streams an answer to clients: makes entries from its deltas.
struct StepStream: Sendable {
    private let identity: StepIdentity
    let plan: TurnPlan
    private var hasReasoning = false
    private var hasText = false
    var hasThought = false
    var hasSpeech = false
    var calls: Set<Int> = []
    /// The names of calls that wait for further deltas.
    var needsApproval: [Int: Bool] = [:]
    /// The calls whose arguments have parts that are the loop's.
    var loopCalls: [Int: LoopCallStream] = [:]
    /// Text that is a thought if a call follows it.
    var heldThought = ""
    /// Text that may be a call, held back until the answer is complete.
    private(set) var heldText = ""

    /// True when the whole answer is a call, so that none of it is shown as text.
    private let holdsEverything: Bool
    /// What the text of a small model has to pass.
    private var check: CheckedAnswer?

    init(_ identity: StepIdentity, plan: TurnPlan, form: ModelCall.Form, check: CheckedAnswer? = nil) {
        self.identity = identity
        self.plan = plan
        self.check = check
        holdsEverything = form != .usual
    }

    mutating func add(_ delta: ModelDelta, callIDs: inout CallIDs) -> [WireMessage] {
        switch delta {
        case .reasoning(let piece) where !piece.isEmpty:
            hasReasoning = true
            return [entry(index: 0, .reasoning(piece, signature: nil))]
        case .text(let piece) where plan.loop == .heartbeat && !plan.thinksInArguments:
            heldThought += piece
            return []
        case .text(let piece):
            return text(checked(holdingBack(piece)))
        case .toolCall(let piece):
            return toolCall(piece, &callIDs)
        case .reasoning, .reasoningSignature, .logprobs, .finish, .usage:
            return []
        }
    }

    /// Shows the text that was held back: it was prose.
    ///
    /// - Parameter isAll: whether the answer is this text, and no call follows it.
    mutating func release(isAll: Bool) -> [WireMessage] {
        defer { (heldThought, heldText) = ("", "") }
        let rest = checked(heldThought + heldText)
        // Without tokens for the client, the stored message is what it gets.
        return text(rest + (plan.streamsTokens && isAll ? check?.finish() ?? "" : ""))
    }

    private mutating func checked(_ piece: String) -> String { check?.add(piece) ?? piece }

    /// Whether clients have already seen deltas of the entry.
    func showed(_ body: WireMessage.Body) -> Bool {
        switch body {
        case .reasoning: hasReasoning
        case .assistant: hasText
        case .thought: hasThought
        case .speech: hasSpeech
        case .toolCalls, .approvalRequest: !calls.isEmpty
        default: false
        }
    }

    private mutating func text(_ piece: String) -> [WireMessage] {
        guard !piece.isEmpty else { return [] }
        hasText = true
        return [entry(index: hasReasoning ? 1 : 0, .assistant(piece))]
    }

    /// The part of the held text and the delta that is certainly prose.
    private mutating func holdingBack(_ piece: String) -> String {
        guard plan.traits.toolCalls == .maybeText || holdsEverything else { return piece }
        heldText += piece
        guard !holdsEverything else { return "" }
        let start = CallPrefix.start(in: heldText.unicodeScalars) ?? heldText.endIndex
        defer { heldText.removeSubrange(..<start) }
        return String(heldText[..<start])
    }

    private mutating func toolCall(_ piece: ModelToolCallDelta, _ callIDs: inout CallIDs) -> [WireMessage] {
        // A call that will be discarded is not shown.
        guard piece.index == 0 || plan.acceptsParallelCalls else { return [] }
        let id = callIDs.id(at: piece.index, given: piece.id)
        if plan.rewritesArguments { return loopCall(piece, id: id) }
        var entries: [WireMessage] = []
        if calls.insert(piece.index).inserted {
            needsApproval[piece.index] = plan.needsApproval(piece.name ?? "")
            entries.append(entry(for: piece.index, .init(name: piece.name ?? "", arguments: nil, id: id)))
        }
        if !piece.argumentsFragment.isEmpty {
            entries.append(entry(for: piece.index, .init(name: nil, arguments: piece.argumentsFragment, id: id)))
        }
        return entries
    }

    func entry(for call: Int, _ delta: WireMessage.ToolCallDelta) -> WireMessage {
        if needsApproval[call] == true {
            var entry = entry(index: 0, .approvalRequestDelta(delta))
            entry.otid = identity.assistantMessageID
            return entry
        }
        return entry(index: thoughtIndex + (hasThought ? 1 : 0), .toolCallDelta(delta))
    }

    /// The place of a thought among the parts of the message.
    var thoughtIndex: Int { (hasReasoning ? 1 : 0) + (hasText ? 1 : 0) }

    func entry(index: Int, _ body: WireMessage.Body) -> WireMessage {
        WireMessage(
            id: identity.assistantMessageID, createdAt: identity.startedAt,
            otid: WireMessage.otid(messageID: identity.assistantMessageID, index: index), stepID: identity.stepID,
            runID: identity.runID, body: body)
    }
}

/// Gives each call of an answer a unique id, the model's where it is unique.
struct CallIDs: Sendable {
    private let messageID: String
    private var ids: [Int: String] = [:]

    init(messageID: String) {
        self.messageID = messageID
    }

    mutating func id(at index: Int, given: String?) -> String {
        if let id = ids[index] { return id }
        let id = given.flatMap { isFree($0) ? $0 : nil } ?? made(index)
        ids[index] = id
        return id
    }

    /// Ids are truncated in requests, and must still differ then.
    private func isFree(_ id: String) -> Bool {
        let length = ModelMessage.callIDLength
        return !id.isEmpty && !ids.values.contains { $0.utf8.prefix(length).elementsEqual(id.utf8.prefix(length)) }
    }

    private func made(_ index: Int) -> String {
        "call_\(messageID.split(separator: "-").dropFirst().joined().prefix(20))_\(index)"
    }
}
