import JSON
import LettaAPI
import Testing

@testable import HTTPKit

/// Every type of the API, with values made from its schema.
@Suite(.timeLimit(.minutes(2))) struct WireTypeTests {
    typealias Output = Decodable & JSONWritable
    typealias Input = Codable & Sendable

    static let outputs: [any Output.Type] = [
        AgentState.self, AgentSecret.self, AgentSearchResult.self, ContextWindow.self, Memory.self,
        MemoryVariables.self, ArchivalSearchResponse.self, Archive.self, Passage.self, FoundPassage.self, Block.self,
        BlockVersion.self, Group.self, Authenticated.self, HealthStatus.self, Job.self, GeneratedText.self,
        LettaResponse.self, Message.self, FoundMessage.self, RankedMessage.self, StopReasonEvent.self,
        UsageEvent.self, EmbeddingConfig.self, LLMConfig.self, LanguageModel.self, EmbeddingModel.self,
        ModelSettings.self, CompactionSettings.self, Run.self, RunUsage.self, RunMetrics.self, Step.self,
        StepMetrics.self, ProviderTrace.self, Tool.self, ToolRequirement.self, MessageOutput.self, NullOutput.self,
        AgentType.self, StopReason.self, RunStatus.self, MessageRole.self, Group.ManagerType.self,
        CompactionSettings.Mode.self,
    ]

    static let inputs: [any Input.Type] = [
        CreateAgent.self, UpdateAgent.self, AgentFilter.self, ListAgents.self, RetrieveAgent.self, SearchAgents.self,
        RetrieveContext.self, RecompileAgent.self, ListRelated.self, CountInternalAgents.self, ListTags.self,
        ToolApproval.self, ListArchivalMemory.self, CreateArchivalMemory.self, SearchArchivalMemory.self,
        ListArchives.self, ListArchiveAgents.self, CreateArchive.self, UpdateArchive.self, CreatePassage.self,
        CreatePassages.self, SearchPassages.self, CreateBlock.self, UpdateBlock.self, ListBlocks.self,
        CountBlocks.self, ListAttachedAgents.self, ListBlockHistory.self, ListAgentGroups.self, Credentials.self,
        GenerateText.self, CreateMessage.self, SearchMessages.self, ExplainSearch.self, SendMessages.self,
        ListMessages.self,
        ResetMessages.self, CancelRuns.self, ListModels.self, ModelSettings.self, CompactionSettings.self,
        LLMConfig.self, EmbeddingConfig.self, ListRuns.self, ListActiveRuns.self, FollowRun.self, ListSteps.self,
        StepFeedback.self, CreateTool.self, UpdateTool.self, RunTool.self, ToolSource.self, ListTools.self,
        CountTools.self,
    ]

    @Test(arguments: outputs.indices) func `an answer decodes what it writes`(_ index: Int) throws {
        try Self.checkOutput(Self.outputs[index])
    }

    @Test(arguments: inputs.indices) func `a body or query decodes what it encodes`(_ index: Int) throws {
        try Self.checkInput(Self.inputs[index])
    }

    private static func checkOutput<T: Output>(_ type: T.Type) throws {
        for sample in WireSample.both(of: type) {
            let value = try JSONDecoding().decode(type, from: sample)
            let text = JSONWriter.bytes(of: value)
            let written = try JSONParser().parse(text)
            let again = JSONWriter.bytes(of: try JSONDecoding().decode(type, from: written))
            #expect(again == text)
            try missing(in: written, from: sample, "\(type)")
        }
    }

    private static func checkInput<T: Input>(_ type: T.Type) throws {
        for sample in WireSample.both(of: type) {
            let value = try JSONDecoding().decode(type, from: sample)
            let written = try JSONEncoding(omitsNil: true).encode(value)
            let again = try JSONEncoding(omitsNil: true).encode(JSONDecoding().decode(type, from: written))
            #expect(again == written)
            try missing(in: written, from: sample, "\(type)")
        }
    }

    /// Written in another form, and two facts of an agent's memory that are the same for every agent.
    private static let unkept: Set<String> = ["completed_at", "git_enabled", "prompt_template"]

    /// Expects every member of the sample, at any depth.
    private static func missing(in written: JSONValue?, from sample: JSONValue, _ path: String) throws {
        switch (sample, written) {
        case (.object(let members), .object(let found)):
            for (key, value) in members where !unkept.contains(key) {
                try missing(in: found[key], from: value, "\(path).\(key)")
            }
        case (.array(let elements), .array(let found)):
            try #require(elements.count == found.count, "\(path)")
            for (element, other) in zip(elements, found) { try missing(in: other, from: element, "\(path)[]") }
        default: #expect(written == sample, "\(path)")
        }
    }
}

/// Makes values that fit a schema: with every field, or with those that are required.
struct WireSample {
    let components: JSONObject
    let takesOptional: Bool

    static func both<T: Decodable>(of type: T.Type) -> [JSONValue] {
        [true, false].map { takesOptional in
            let recorder = SchemaRecorder()
            let schema = recorder.schema(of: type)
            return WireSample(components: recorder.components, takesOptional: takesOptional).value(schema)
        }
    }

    func value(_ schema: JSONValue) -> JSONValue {
        if let example = schema["examples"]?[0] ?? schema["enum"]?[0] { return example }
        if let reference = schema["$ref"]?.string {
            return value(components[String(reference.split(separator: "/").last ?? "")] ?? [:])
        }
        if let choices = schema["anyOf"]?.array { return value(choices[0]) }
        switch schema["type"]?.string {
        case "string": return "text"
        case "integer": return 7
        case "number": return 0.5
        case "boolean": return true
        case "null": return nil
        case "array": return .array([value(schema["items"] ?? [:])])
        case "object":
            if let rest = schema["additionalProperties"] { return ["anyKey": value(rest)] }
            let required = schema["required"]?.array ?? []
            var object = JSONObject()
            for (name, property) in schema["properties"]?.object ?? ["anyKey": [:]] {
                if takesOptional || required.contains(.string(name)) { object[name] = value(property) }
            }
            return .object(object)
        default: return ["anyKey": [1, "two", nil]]
        }
    }
}
