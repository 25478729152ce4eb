import Foundation
import ModelProviders
import Testing

@testable import LocalModels

@Suite(.timeLimit(.minutes(5))) struct LocalRuntimeTests {
    @Test func listsWhatIsInstalledAndStartsNothingForIt() async throws {
        try await FakeRuntime.with { fake in
            let models = try await fake.provider.listModels()
            #expect(models.map(\.handle) == ["letta-local/chatter", "letta-local/talker", "letta-local/vector"])
            #expect(models.map(\.modelType) == [.llm, .llm, .embedding])
            #expect(models[2].embeddingDimensions == 2)
            #expect(fake.starts.isEmpty)
        }
    }

    @Test func manyCallersShareOneStart() async throws {
        try await FakeRuntime.with { fake in
            try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await fake.ask() } }
                for try await text in group { #expect(text == "chatter says hello") }
            }
            #expect(fake.starts.count == 1)
        }
    }

    @Test func streamsAndEmbedsWithAProcessForEach() async throws {
        try await FakeRuntime.with { fake in
            var pieces = ""
            for try await delta in fake.provider.stream(FakeRuntime.request(FakeRuntime.chat)) {
                if case .text(let piece) = delta { pieces += piece }
            }
            #expect(pieces == "chattersayshello")
            #expect(try await fake.provider.embed(["ab", "c"], model: "vector") == [[2, 1], [1, 1]])
            #expect(fake.starts.count == 2)
        }
    }

    @Test func cutsTextsThatAreTooLongForTheModel() async throws {
        try await FakeRuntime.with { fake in
            let texts = [String(repeating: "x", count: 5_000), "short"]
            let vectors = try await fake.provider.embed(texts, model: "vector")
            #expect(vectors == [[1_024, 1], [5, 1]])
        }
    }

    @Test func theProcessIsBoundToOursAndKnowsNoSecrets() async throws {
        setenv("LETTA_TEST_API_KEY", "a secret", 1)
        try await FakeRuntime.with { fake in
            _ = try await fake.ask()
            let start = try #require(fake.starts.first)
            #expect(start.deathSignal == "\(SIGKILL)")
            #expect(start.variables.contains("OMP_WAIT_POLICY"))
            #expect(!start.variables.contains("LETTA_TEST_API_KEY"))
            #expect(start.arguments.contains("--host \(fake.scratch.path)/run/llama-chat-"))
            #expect(start.arguments.contains("--kv-unified"))
            #expect(!start.arguments.contains("--cache-ram"), "this one does not understand it")
            #expect(fake.scratch.read("run/chatter.jinja") == "a template")
            let folder = try FileManager.default.attributesOfItem(atPath: "\(fake.scratch.path)/run")
            #expect(folder[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test func aProcessThatCrashesIsStartedAgainEverLaterAndThenGivenUp() async throws {
        try await FakeRuntime.with { fake in
            try fake.scratch.write("", to: "crash")
            let failure = await #expect(throws: ProviderFailure.self) {
                try await fake.provider.complete(FakeRuntime.request(FakeRuntime.chat))
            }
            #expect(fake.starts.count == 5)
            #expect(fake.clock.sleeps == [1, 2, 4, 8].map { .seconds($0) })
            let message = failure?.message ?? ""
            #expect(message.contains("5 times in ten minutes"), "\(message)")
            #expect(message.contains("\(fake.scratch.path)/logs/llama-server-chat.log"), "\(message)")
            #expect(fake.scratch.read("logs/llama-server-chat.log").contains("no such tensor"))
            await #expect(throws: ProviderFailure.self) { try await fake.ask() }
            #expect(fake.starts.count == 5, "given up is given up")
        }
    }

    @Test func aProcessThatDiesUnderACallIsReplacedAndTheCallRepeated() async throws {
        try await FakeRuntime.with { fake in
            #expect(try await fake.ask() == "chatter says hello")
            try fake.scratch.write("", to: "die")
            #expect(try await fake.ask() == "chatter says hello")
            #expect(fake.starts.count == 2)
            try fake.scratch.write("", to: "die")
            var deltas = 0
            for try await _ in fake.provider.stream(FakeRuntime.request(FakeRuntime.chat)) { deltas += 1 }
            #expect(deltas >= 3)
            #expect(fake.starts.count == 3)
        }
    }

    @Test func twoProcessesOnOneFolderDoNotDisturbEachOther() async throws {
        try await FakeRuntime.with { fake in
            #expect(try await fake.ask() == "chatter says hello")
            let other = fake.anotherRuntime()
            let lease = try await other.lease(of: FakeRuntime.chat)
            #expect(fake.sockets.count == 2)
            #expect(try await lease.provider.complete(FakeRuntime.request(FakeRuntime.chat)).text != nil)
            await other.close()
            #expect(try await fake.ask() == "chatter says hello")
            #expect(fake.starts.count == 2 && fake.sockets.count == 1)
        }
    }

    @Test func aProcessThatLostItsSocketIsReplaced() async throws {
        try await FakeRuntime.with { fake in
            _ = try await fake.ask()
            try fake.removeSockets()
            #expect(try await fake.ask() == "chatter says hello")
            try fake.removeSockets()
            var deltas = 0
            for try await _ in fake.provider.stream(FakeRuntime.request(FakeRuntime.chat)) { deltas += 1 }
            #expect(deltas >= 3)
            #expect(fake.starts.count == 3 && fake.starts.count { $0.isRunning } == 1)
        }
    }

    @Test func theSocketOfAKilledProcessIsRemoved() async throws {
        try await FakeRuntime.with { fake in
            _ = try await fake.ask()
            let left = try #require(fake.sockets.first)
            try fake.leaveDeadSocket("llama-chat.sock")
            let process = try #require(fake.starts.first).pid
            kill(process, SIGSTOP)
            let other = fake.anotherRuntime()
            _ = try await other.lease(of: FakeRuntime.chat)
            #expect(fake.sockets.contains(left), "who is only slow keeps theirs")
            #expect(!fake.sockets.contains("llama-chat.sock") && fake.sockets.count == 2)
            kill(process, SIGCONT)
            await other.close()
        }
    }

    @Test func aModelThatCanNotBeReachedIsNamedAndNotItsSocket() async throws {
        try await FakeRuntime.with { fake in
            try fake.scratch.write("", to: "dying")
            var failure = await #expect(throws: ProviderFailure.self) { try await fake.ask() }
            let message =
                "The local model chatter does not answer. See \(fake.scratch.path)/logs/llama-server-chat.log."
            #expect(failure?.message == message)
            failure = await #expect(throws: ProviderFailure.self) {
                for try await _ in fake.provider.stream(FakeRuntime.request(FakeRuntime.chat)) {}
            }
            #expect(failure?.message == message)
        }
    }

    @Test func closingEndsTheProcessAndRefusesCallers() async throws {
        try await FakeRuntime.with { fake in
            _ = try await fake.ask()
            let start = try #require(fake.starts.first)
            #expect(start.isRunning)
            await fake.runtime.close()
            #expect(!start.isRunning)
            #expect(fake.sockets.isEmpty)
            await #expect(throws: ProviderFailure(.connection, message: "The server is shutting down.")) {
                try await fake.provider.complete(FakeRuntime.request(FakeRuntime.chat))
            }
        }
    }

    @Test func anotherChatModelWaitsForTheCallsUnderWay() async throws {
        try await FakeRuntime.with { fake in
            var iterator = fake.provider.stream(FakeRuntime.request(FakeRuntime.chat)).makeAsyncIterator()
            _ = try await iterator.next()
            let first = try #require(fake.starts.first)
            async let other = fake.ask(FakeRuntime.otherChat)
            while try await iterator.next() != nil { #expect(first.isRunning) }
            iterator = fake.provider.stream(FakeRuntime.request(FakeRuntime.chat)).makeAsyncIterator()
            let answer = try await other
            #expect(answer == "talker says hello")
            #expect(!first.isRunning)
            #expect(fake.starts.count == 2)
        }
    }

    @Test func aCallerThatLeavesDoesNotEndTheStart() async throws {
        try await FakeRuntime.with { fake in
            try fake.scratch.write("", to: "loading")
            let caller = Task { try await fake.provider.complete(FakeRuntime.request(FakeRuntime.chat)) }
            while fake.starts.isEmpty { await Task.yield() }
            caller.cancel()
            let outcome = await caller.result
            #expect(throws: ProviderFailure.self) { try outcome.get() }
            try FileManager.default.removeItem(atPath: "\(fake.scratch.path)/loading")
            #expect(try await fake.ask() == "chatter says hello")
            #expect(fake.starts.count == 1)
        }
    }

    @Test func saysWhatToDoWhereSomethingIsMissing() async throws {
        try await FakeRuntime.with { fake in
            var failure = await #expect(throws: ProviderFailure.self) { try await fake.ask(FakeRuntime.absent) }
            #expect(failure?.kind == .notFound)
            #expect(failure?.message.contains("models install absent") == true)
            try FileManager.default.removeItem(atPath: "\(fake.scratch.path)/llama-server")
            failure = await #expect(throws: ProviderFailure.self) { try await fake.ask() }
            #expect(failure?.message.contains("llama-server models install") == false)
            #expect(failure?.message.contains("letta-server models install") == true)
            #expect(fake.starts.isEmpty)
        }
    }
}
