import AgentEngine
import JSON
import LettaAPI

/// About how many bytes the parts of a context take: their texts, and something for each.
extension TurnState {
    var size: Int {
        agent.size + tools.reduce(0) { $0 + $1.size } + blocks.reduce(0) { $0 + $1.size }
            + history.reduce(0) { $0 + $1.size }
    }
}

/// For what a thing takes beside its texts.
private let base = 128

extension AgentRow {
    fileprivate var size: Int {
        let documents = [llmConfig.json, toolRules, memoryVariables, modelSettings.json]
        return base + system.utf8.count + (description?.utf8.count ?? 0) + (metadata?.json.text.utf8.count ?? 0)
            + documents.reduce(0) { $0 + $1.text.utf8.count }
    }
}

extension CallableToolRow {
    /// The schema is there as a text and as what models are told.
    fileprivate var size: Int {
        base + (sourceCode?.utf8.count ?? 0) + 2 * (jsonSchema?.text.utf8.count ?? 0)
    }
}

extension BlockRow {
    fileprivate var size: Int {
        base + block.value.utf8.count + (block.description?.utf8.count ?? 0) + (block.metadata?.json.text.utf8.count ?? 0)
    }
}

extension TurnMessage {
    fileprivate var size: Int {
        base + (name?.utf8.count ?? 0) + (otid?.utf8.count ?? 0) + parts.reduce(0) { $0 + $1.size }
    }
}

extension TurnMessage.Part {
    fileprivate var size: Int {
        switch self {
        case .text(let text): base + text.utf8.count
        case .image(let image): base + image.source.size
        case .reasoning(let reasoning): base + reasoning.text.utf8.count + (reasoning.signature?.utf8.count ?? 0)
        case .toolCall(let call): base + call.arguments.utf8.count
        case .toolReturn(let result):
            base + result.result.size
                + [result.stdout, result.stderr].reduce(0) { size, lines in
                    size + (lines ?? []).reduce(0) { $0 + $1.utf8.count }
                }
        }
    }
}

extension TurnMessage.Image.Source {
    fileprivate var size: Int {
        switch self {
        case .data(let base64, _, _): base64.utf8.count
        case .url(let url): url.utf8.count
        }
    }
}

extension JSONValue {
    fileprivate var size: Int {
        switch self {
        case .null, .bool, .int, .double: 32
        case .string(let text): 32 + text.utf8.count
        case .array(let values): values.reduce(32) { $0 + $1.size }
        case .object(let object): object.reduce(32) { $0 + 32 + $1.key.utf8.count + $1.value.size }
        }
    }
}
