import JSON
import LettaAPI
import LettaClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct ToolCallTests {
    private static let source = """
        def double(number: int) -> int:
            '''Double a number.

            Args:
                number: what to double
            '''
            return 2 * number
        """

    @Test func aToolIsMadeReadChangedListedAndDeleted() async throws {
        try await withClient { client async throws in
            var draft = CreateTool(sourceCode: Self.source)
            draft.tags = ["x"]
            let made = try await client.tools.upsert(draft)
            #expect(made.name == "double" && made.description == "Double a number." && made.tags == ["x"])
            #expect(try made.jsonSchema?.value()["parameters"]?["required"] == ["number"])
            #expect(try await client.tools.upsert(CreateTool(sourceCode: Self.source)).id == made.id)
            var changes = UpdateTool()
            changes.description = .set("mine")
            changes.returnCharLimit = .set(10)
            let changed = try await client.tools.update(made.id, changes)
            #expect(changed.description == "mine" && changed.returnCharLimit == 10)
            #expect(try await client.tools.retrieve(made.id).description == "mine")
            var query = ListTools()
            query.toolTypes = ["custom"]
            var names: [String] = []
            for try await tool in client.tools.list(query) { names.append(tool.name) }
            #expect(names == ["double"])
            var filter = CountTools()
            filter.excludeLettaTools = true
            #expect(try await client.tools.count(filter) == 1)
            try await client.tools.delete(made.id)
            let failure = await failure { _ = try await client.tools.retrieve(made.id) }
            #expect(failure?.status == 404)
        }
    }

    @Test func sourceIsRunOnce() async throws {
        try await withClient { client async throws in
            let answer = try await client.tools.run(RunTool(sourceCode: Self.source, args: ["number": 21]))
            #expect(try answer.fields()["tool_return"] == "42")
            let failure = await failure { _ = try await client.tools.run(RunTool(sourceCode: "x = 1", args: [:])) }
            #expect(failure?.status == 400)
        }
    }
}
