import JSON
import LettaAPI
import Testing

@Suite(.timeLimit(.minutes(5))) struct PatchTests {
    @Test func `a field that can be empty is kept, cleared or set`() {
        var text: String? = "old"
        Patch<String>.keep.apply(to: &text)
        #expect(text == "old")
        Patch.set("new").apply(to: &text)
        #expect(text == "new")
        Patch<String>.clear.apply(to: &text)
        #expect(text == nil)
    }

    @Test func `a field that can't be empty takes null for keep`() {
        var limit = 5
        Patch<Int>.clear.apply(to: &limit)
        Patch<Int>.keep.apply(to: &limit)
        #expect(limit == 5)
        Patch.set(7).apply(to: &limit)
        #expect(limit == 7)
    }

    @Test func `absent, null and value arrive as three different wishes`() throws {
        let change = try JSONDecoding().decode(UpdateBlock.self, from: ["read_only": true, "description": nil])
        #expect(change.readOnly == .set(true) && change.description == .clear && change.label.isKept)
    }
}
