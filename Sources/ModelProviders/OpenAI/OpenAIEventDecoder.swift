import EventStreams
import JSON

/// Decodes a streamed answer of either of OpenAI's formats: which one was asked for may change with a refusal.
struct OpenAIEventDecoder: DeltaDecoder {
    private var chat = OpenAIChunkDecoder()
    private var responses: ResponsesEventDecoder?
    /// Whether the first event has told the format.
    private var isKnown = false

    var isFinished: Bool { responses?.isFinished ?? chat.isFinished }
    var isDone: Bool { responses?.isDone ?? chat.isDone }

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        if !isKnown, !event.data.elementsEqual("[DONE]".utf8) {
            isKnown = true
            // Some servers name the events only in their data.
            let name = event.name == nil ? try event.document()["type"]?.string : event.name
            if name?.hasPrefix("response.") == true { responses = ResponsesEventDecoder() }
        }
        guard responses != nil else { return try chat.decode(event) }
        return try responses?.decode(event) ?? []
    }
}
