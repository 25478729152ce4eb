import ModelProviders

/// A call whose arguments are shown piece by piece, without what is the loop's.
struct LoopCallStream: Sendable {
    let name: String
    let speaks: Bool
    var reader: LoopArgumentReader
}

extension StepStream {
    /// Shows a piece of a call: its thought as a thought, the text of a tool that speaks as what the agent says, all else as
    /// the call's arguments.
    mutating func loopCall(_ piece: ModelToolCallDelta, id: String) -> [WireMessage] {
        var call = loopCalls[piece.index] ?? begin(piece)
        var entries: [WireMessage] = []
        if !heldThought.isEmpty {
            entries.append(thought(heldThought))
            heldThought = ""
        }
        for part in call.reader.add(piece.argumentsFragment) {
            switch part {
            // The entries of a message are numbered in their order: one that comes late is shown with the whole.
            case .thought(let text) where calls.isEmpty && !hasSpeech:
                entries.append(thought(text))
            case .speech(let text) where call.speaks:
                hasSpeech = true
                entries.append(entry(index: thoughtIndex + (hasThought ? 1 : 0), .speech(text)))
            case .arguments(let text) where !call.speaks:
                if calls.insert(piece.index).inserted {
                    entries.append(entry(for: piece.index, .init(name: call.name, arguments: nil, id: id)))
                }
                entries.append(entry(for: piece.index, .init(name: nil, arguments: text, id: id)))
            case .thought, .speech, .arguments:
                break
            }
        }
        loopCalls[piece.index] = call
        return entries
    }

    private mutating func begin(_ piece: ModelToolCallDelta) -> LoopCallStream {
        let name = piece.name ?? ""
        let needsApproval = plan.needsApproval(name)
        self.needsApproval[piece.index] = needsApproval
        let speech = plan.loop == .heartbeat && !needsApproval && plan.speech?.name == name ? plan.speech : nil
        return LoopCallStream(
            name: name, speaks: speech != nil,
            reader: LoopArgumentReader(tool: plan.tool(name), plan: plan, speech: speech?.argument))
    }

    private mutating func thought(_ text: String) -> WireMessage {
        hasThought = true
        return entry(index: thoughtIndex, .thought(text))
    }
}
