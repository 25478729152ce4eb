import LettaAPI
import Testing

@testable import LettaServer

@Suite(.timeLimit(.minutes(5))) struct DocumentCacheTests {
    private let cache = DocumentCache<LLMConfig>(limit: 2)

    private func document(_ model: String) -> Document<LLMConfig> {
        Document(LLMConfig(model: model, modelEndpointType: "openai", contextWindow: 8_192))
    }

    @Test func `each document has its own content, however many there are`() throws {
        for _ in 0..<2 {
            for model in ["a", "b", "c", "d"] {
                #expect(try cache.content(of: document(model)).model == model)
            }
        }
    }

    @Test func `what can't be understood is refused each time`() throws {
        for text in ["{", "[]", "{", "[]"] {
            #expect(throws: (any Error).self) { try cache.content(of: Document(stored: text)) }
        }
        #expect(try cache.content(of: document("a")).model == "a")
    }
}
